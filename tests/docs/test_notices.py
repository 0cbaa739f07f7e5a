"""A document that is wrong is noticed: each of these has one fault."""

import unittest

import document
import faults
import session

PLACE = document.ROOT / "docs" / "wrong.md"


def written(text):
    return document.Document(PLACE, text)


class Notices(unittest.TestCase):
    def assert_one_fault(self, text, words):
        found = faults.of(written(text))
        self.assertEqual(len(found), 1, found)
        self.assertIn(words, found[0])

    def test_what_is_right_has_no_fault(self):
        text = """
# A heading, with `code` and [a link](bot.md)

See [there](bot.md#what-the-bot-answers), [here](#a-heading-with-code-and-a-link), `deploy/oci.py`, `make test`,
`baton serve --edge in-process` and `sessions.idle_seconds`.

```console
$ sudo baton serve --config /etc/baton.toml
serving: …
```

```toml
[[tenants]]
account_id = "acme"
connector_tokens = [{ env = "TOKEN" }]
[tenants.genesys]
region = "mypurecloud.de"
```
"""
        self.assertEqual(faults.of(written(text)), [])

    def test_a_link_that_leads_nowhere(self):
        self.assert_one_fault("[there](nobody.md)", "leads nowhere")

    def test_an_anchor_that_is_not_there(self):
        self.assert_one_fault("[there](bot.md#nowhere)", "a heading that is not there")

    def test_a_path_that_is_not_there(self):
        self.assert_one_fault("See `src/nobody/lib.rs`.", "is not there")

    def test_a_target_that_make_does_not_know(self):
        self.assert_one_fault("`make everything-right`", "there is no `make everything-right`")
        self.assert_one_fault("```console\n$ make nothing\n```\n", "there is no `make nothing`")

    def test_a_command_that_is_none(self):
        self.assert_one_fault("`baton sing webhook.json`", "unrecognized subcommand 'sing'")

    def test_a_flag_that_is_none(self):
        self.assert_one_fault("```console\n$ cat x | baton chat --tokn X\n```\n", "'--tokn'")
        self.assert_one_fault("`baton serve \n--edge elsewhere`", "'elsewhere'")

    def test_a_key_that_is_none(self):
        self.assert_one_fault("```toml\n[chat]\nlisten_at = 1\n```\n", "chat.listen_at")
        self.assert_one_fault("```toml\n[[tenants]]\n[tenants.bot]\nuri = 1\n```\n", "bot.uri")
        self.assert_one_fault("It is `sessions.idle_minutes`.", "no key `sessions.idle_minutes`")

    def test_a_value_that_is_not_taken(self):
        self.assert_one_fault("```toml\n[tenants.genesys]\nregion = \"nowhere\"\n```\n", "region")

    def test_a_metric_that_nobody_counts(self):
        self.assert_one_fault("Look at `baton_unhappy_users`.", "no metric `baton_unhappy_users`")

    def test_a_route_that_leads_nowhere(self):
        self.assert_one_fault("`GET /internal/v1/wishes`", "nothing at /internal/v1/wishes")

    def test_an_example_that_cannot_be_read(self):
        self.assert_one_fault("```json\n{\"a\": }\n```\n", "line 1")
        self.assert_one_fault("\n```toml\na =\n```\n", "line 2")

    def test_a_command_that_fails_and_where(self):
        problem = session.run(written("```sh\ntrue\n```\n\n```sh\nbaton --version\nfalse | cat\n```\n"))
        self.assertIn("docs/wrong.md:5", problem)
        self.assertIn("failed", problem)

    def test_a_variable_that_nobody_set(self):
        self.assertIn("session_id", session.run(written("```sh\necho $session_id\n```\n")))

    def test_commands_that_do_not_end(self):
        self.assertIn("after 1 s", session.run(written("```sh\nsleep 60\n```\n"), seconds=1))

    def test_a_document_on_which_others_go_on_is_run_first(self):
        text = "The commands here go on from\n[Bots](bot.md#top)."
        self.assertEqual(str(written(text).goes_on_from), "docs/bot.md")

    def test_what_is_behind_a_prompt_is_not_run(self):
        self.assertIsNone(session.run(written("```console\n$ exit 1\n```\n")))

    def test_what_was_started_in_the_background_ends_with_the_document(self):
        self.assertIsNone(session.run(written("```sh\nsleep 60 &\n```\n"), seconds=10))
