// Package redact replaces the secrets in flows by pseudonyms, before anything
// reaches a disk.
//
// The central type is Redactor, which knows a key and rules:
//
//	r, err := redact.New(redact.Options{Key: make([]byte, redact.KeySize), Rules: rules})
//	r.Flow(f) // f holds pseudonyms now; what it held before is untouched
//
// The same secret becomes the same pseudonym wherever it stands and however it
// is encoded there, so that sessions and issued values still correlate; with
// another key it becomes another one. A pseudonym has the length and the
// character classes of its secret: hex stays hex, a UUID a UUID, a JWT a JWT, a
// card number passes Luhn's test, an e-mail address is one. Because nothing
// changes its length, bodies, frames and messages keep theirs.
//
// A pseudonym also carries a check that needs no key, by which a [Scanner] tells it
// from a secret. What counts as a secret, and how rules are written, is in
// RULES.md beside the code.
//
// The package looks into what it is given. It does not follow links, open
// archives, or understand images.
//
// It is one package because secrets lie inside each other: a field of a form
// holds JSON, JSON a token, a token a URL. Every reader of a format calls all the
// others, with the same rules and pseudonyms.
package redact
