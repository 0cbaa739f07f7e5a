//! `baton sign`.

#[cfg(test)]
mod command;

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::command::{baton, ended, ended_with_input};

    // RFC 4231, test case 2.
    const SECRET: &str = "Jefe";
    const BODY: &[u8] = b"what do ya want for nothing?";
    const BASE64: &str = "sha256=W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=\n";
    const HEX: &str = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843\n";

    #[test]
    fn standard_input_is_signed_as_genesys_signs() {
        let signed = ended_with_input(&mut baton(&["sign", "--secret", SECRET]), BODY);
        assert_eq!((signed.code, signed.output.as_str()), (Some(0), BASE64));
    }

    #[test]
    fn a_file_is_signed_in_hexadecimal_if_that_is_asked_for() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), BODY).unwrap();
        let path = file.path().to_str().unwrap();
        let signed = ended(&mut baton(&["sign", "--secret", SECRET, "--hex", path]));
        assert_eq!((signed.code, signed.output.as_str()), (Some(0), HEX));
    }

    #[test]
    fn the_secret_can_come_from_the_environment() {
        let mut command = baton(&["sign", "--secret-env", "THE_SECRET", "-"]);
        let signed = ended_with_input(command.env("THE_SECRET", SECRET), BODY);
        assert_eq!(signed.output, BASE64);
    }

    #[test]
    fn a_secret_longer_than_the_hash_block_is_hashed_first() {
        // Computed with `openssl dgst -sha256 -hmac`.
        let expected = "sha256=46ac33ede86549300c0bf2805f311de06f51067bcac093c959fafa72295111ae\n";
        let secret = "k".repeat(131);
        let mut command = baton(&["sign", "--hex", "--secret", &secret]);
        let signed = ended_with_input(&mut command, b"Test Using Larger Than Block-Size Key");
        assert_eq!(signed.output, expected);
    }

    #[test]
    fn a_secret_that_is_not_there_is_wrong_usage() {
        let mut command = baton(&["sign", "--secret-env", "NOT_SET_ANYWHERE"]);
        ended(&mut command).assert_failed(2, "NOT_SET_ANYWHERE is not set");
        let mut command = baton(&["sign", "--secret-env", "EMPTY"]);
        ended(command.env("EMPTY", "")).assert_failed(2, "EMPTY is empty");
        ended(&mut baton(&["sign", "--secret", ""])).assert_failed(2, "it is empty");
        assert_eq!(ended(&mut baton(&["sign"])).code, Some(2));
    }

    #[test]
    fn invariant_10_a_secret_in_the_place_of_a_variables_name_is_not_repeated() {
        let failed = ended(&mut baton(&["sign", "--secret-env", "hush-hush"]));
        failed.assert_failed(2, "not the secret itself");
        assert!(!failed.errors.contains("hush"), "{}", failed.errors);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let failed = ended(&mut baton(&["sign", "--secret", SECRET, "/no/such/file"]));
        failed.assert_failed(1, "/no/such/file");
    }
}
