-- Verifies X-Hub-Signature-256 and does nothing else: what one would write for Envoy's Lua
-- filter, which offers no HMAC. SHA-256 on LuaJIT's bit operations; the key is hashed once.

local band, bor, bxor = bit.band, bit.bor, bit.bxor
local rshift, lshift, ror, tobit = bit.rshift, bit.lshift, bit.ror, bit.tobit
local byte, char, rep, sub = string.byte, string.char, string.rep, string.sub

local K = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
}
for t = 1, 64 do K[t] = tobit(K[t]) end

local START = {
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
}
for i = 1, 8 do START[i] = tobit(START[i]) end

local W = {}
for t = 1, 64 do W[t] = 0 end

local function copy(state)
  return { state[1], state[2], state[3], state[4], state[5], state[6], state[7], state[8] }
end

-- Takes in the block of 64 bytes that begins at `at`.
local function compress(state, text, at)
  for t = 1, 16 do
    local a, b, c, d = byte(text, at, at + 3)
    W[t] = bor(lshift(a, 24), lshift(b, 16), lshift(c, 8), d)
    at = at + 4
  end
  for t = 17, 64 do
    local x, y = W[t - 15], W[t - 2]
    local s0 = bxor(ror(x, 7), ror(x, 18), rshift(x, 3))
    local s1 = bxor(ror(y, 17), ror(y, 19), rshift(y, 10))
    W[t] = tobit(W[t - 16] + s0 + W[t - 7] + s1)
  end
  local a, b, c, d, e, f, g, h =
    state[1], state[2], state[3], state[4], state[5], state[6], state[7], state[8]
  for t = 1, 64 do
    local s1 = bxor(ror(e, 6), ror(e, 11), ror(e, 25))
    local choice = bxor(g, band(e, bxor(f, g)))
    local t1 = tobit(h + s1 + choice + K[t] + W[t])
    local s0 = bxor(ror(a, 2), ror(a, 13), ror(a, 22))
    local majority = bor(band(a, b), band(c, bor(a, b)))
    h, g, f, e, d, c, b, a = g, f, e, tobit(d + t1), c, b, a, tobit(t1 + s0 + majority)
  end
  state[1], state[2] = tobit(state[1] + a), tobit(state[2] + b)
  state[3], state[4] = tobit(state[3] + c), tobit(state[4] + d)
  state[5], state[6] = tobit(state[5] + e), tobit(state[6] + f)
  state[7], state[8] = tobit(state[7] + g), tobit(state[8] + h)
end

local function word(w)
  return char(rshift(w, 24), band(rshift(w, 16), 255), band(rshift(w, 8), 255), band(w, 255))
end

-- The digest of `text` after one block that is in the state already.
local function finish(state, text)
  local length = #text
  local whole = length - length % 64
  for at = 1, whole, 64 do compress(state, text, at) end
  local bits = word(0) .. word((length + 64) * 8)
  local tail = sub(text, whole + 1) .. "\128"
  tail = tail .. rep("\0", (56 - #tail) % 64) .. bits
  for at = 1, #tail, 64 do compress(state, tail, at) end
  return word(state[1]) .. word(state[2]) .. word(state[3]) .. word(state[4])
    .. word(state[5]) .. word(state[6]) .. word(state[7]) .. word(state[8])
end

-- The state after the secret's block; a secret of more than 64 bytes is not needed here.
local function keyed(secret, pad)
  local block = {}
  for i = 1, 64 do block[i] = char(bxor(byte(secret, i) or 0, pad)) end
  local state = copy(START)
  compress(state, table.concat(block), 1)
  return state
end

local secret = os.getenv("GENESYS_WEBHOOK_SECRET")
assert(secret and #secret <= 64, "GENESYS_WEBHOOK_SECRET is missing or too long")
local inner, outer = keyed(secret, 0x36), keyed(secret, 0x5c)

local function hmac(text)
  return finish(copy(outer), finish(copy(inner), text))
end

-- Does not end early, so that the time tells nothing.
local function same(given, wanted)
  if #given ~= #wanted then return false end
  local difference = 0
  for i = 1, #wanted do difference = bor(difference, bxor(byte(given, i), byte(wanted, i))) end
  return difference == 0
end

function envoy_on_request(handle)
  local given = handle:headers():get("x-hub-signature-256")
  local body = handle:body()
  local text = body and body:getBytes(0, body:length()) or ""
  local wanted = "sha256=" .. handle:base64Escape(hmac(text))
  if not (given and same(given, wanted)) then
    handle:respond({ [":status"] = "401" }, "")
  end
end
