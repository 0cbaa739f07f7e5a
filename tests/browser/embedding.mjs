// A shop of another origin that embeds the chat as the README says, under a policy that allows no more than it has to.

import { Demo } from "./demo.mjs";
import { Site, documentOf } from "./site.mjs";

export class Shop {
  static async start() {
    const shop = new Shop();
    shop.demo = await Demo.start();
    const chat = shop.demo.chat_url;
    const body = `<main><h1>Shop</h1></main>
<script type="module" src="${chat}/baton-chat.js"></script>
<baton-chat token="${shop.demo.connector_token}" floating></baton-chat>`;
    shop.site = await Site.start({
      policy: [
        "default-src 'none'",
        `script-src ${chat}`,
        `connect-src ${chat} ${chat.replace("http", "ws")}`,
        "img-src http://127.0.0.1:* data:",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types lit-html",
      ].join("; "),
      pages: { "/": documentOf(body, "en"), "/of-no-language": documentOf(body) },
    });
    shop.url = `${shop.site.origin}/`;
    return shop;
  }

  async stop() {
    await this.site.stop();
    await this.demo.stop();
  }
}
