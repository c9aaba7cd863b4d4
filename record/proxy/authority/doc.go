// Package authority is the certificate authority with which a recording proxy opens
// HTTPS: it keeps a key in a folder and signs a certificate for each host.
//
//	ca, err := authority.Load(dir) // made on first use
//	cert, err := ca.Certificate("shop.test")
//
// Each installation has a key of its own, which only its owner can read. Whoever trusts
// ca.pem of that folder trusts all its certificates. So the key must never leave the
// machine.
package authority
