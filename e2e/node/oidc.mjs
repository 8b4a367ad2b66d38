// An OpenID Connect provider (oidc-provider, certified) with three people and one client; its sign-in page takes any password.
// Arguments: where the client comes back to, the client's secret, the algorithm of its ID tokens, and whether roles are told
// in the ID token (`token`) or only when asked for (`userinfo`).
import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const [callback, secret, algorithm, told] = process.argv.slice(2);
const people = { ada: ["gateway-admins", "staff"], bob: ["staff"], eve: ["visitors"] };
const key = (type, options, kid) =>
  Object.assign(generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }), { kid, use: "sig" });

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "trunkline",
        client_secret: secret,
        redirect_uris: [callback],
        response_types: ["code"],
        grant_types: ["authorization_code"],
        id_token_signed_response_alg: algorithm,
      },
    ],
    jwks: { keys: [key("rsa", { modulusLength: 2048 }, "r1"), key("ec", { namedCurve: "P-256" }, "e1")] },
    claims: { openid: ["sub"], profile: ["preferred_username", "groups"] },
    conformIdTokenClaims: told === "userinfo",
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, groups: people[id] ?? [] }),
    }),
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    cookies: { keys: ["of the test"] },
  });
  server.on("request", provider.callback());
  console.log(`listening on ${issuer}`);
});
