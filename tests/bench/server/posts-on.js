// Posts the body on as it is: what a Worker costs that neither verifies nor translates.

export default {
  async fetch(request) {
    const body = await request.arrayBuffer();
    const headers = { "content-type": "application/json" };
    const answer = await fetch("http://upstream.example/", { method: "POST", headers, body });
    await answer.arrayBuffer();
    return new Response(null, { status: answer.status });
  },
};
