// The upstream of both: it reads what it is sent, and answers.

export default {
  async fetch(request) {
    await request.arrayBuffer();
    return new Response(null, { status: 200 });
  },
};
