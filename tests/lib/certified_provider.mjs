// The OpenID Connect provider of the package `oidc-provider`, which the OpenID Foundation lists as
// certified, on a loopback port: its own defaults, its own sign-in and sign-out pages.
// Argument: JSON with port, client, users (claims by subject) and resource (audience of JWTs).
import Provider, { errors } from 'oidc-provider';

const { port, client, users, resource } = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [client],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'roles'] },
  findAccount: (_, subject) =>
    users[subject] && { accountId: subject, claims: () => ({ sub: subject, ...users[subject] }) },
  // Without the guard that keeps it from calling this machine: the portal is here.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  features: {
    devInteractions: { enabled: true },
    backchannelLogout: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, asked) => {
        if (asked !== resource) throw new errors.InvalidTarget();
        return { scope: 'portal', audience: resource, accessTokenFormat: 'jwt', accessTokenTTL: 300 };
      },
    },
  },
});
provider.listen(port, '127.0.0.1', () => console.log('listening'));
