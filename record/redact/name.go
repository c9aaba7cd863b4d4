package redact

import (
	"slices"
	"strings"
)

// A class says what the name of a value tells of it.
type class uint8

const (
	plain    class = iota // nothing
	kept                  // a rule says that it is no secret
	likely                // a secret if it looks random
	token                 // a token or key
	password              // what a person knows
)

func (c class) secret() bool { return c >= token }

func (c class) kind() Kind {
	if c == password {
		return KindPassword
	}
	return KindToken
}

// classify tells what a name of a header, cookie, field or element says. The
// words of a name are those between other characters and at changes of case.
func classify(name string) class {
	words := wordsOf(name)
	if len(words) == 0 {
		return plain
	}
	last, joined := words[len(words)-1], strings.Join(words, "")
	about := slices.Contains(aboutWords, last)
	for _, part := range passwordParts {
		if strings.Contains(joined, part) {
			if about {
				return likely
			}
			return password
		}
	}
	switch {
	case slices.Contains(passwordNames, joined):
		return password
	case slices.Contains(tokenNames, joined), !about && (strings.Contains(joined, "csrf") || strings.Contains(joined, "xsrf")):
		return token
	}
	for _, end := range tokenEnds {
		if strings.HasSuffix(joined, end) {
			return token
		}
	}
	if strings.HasSuffix(joined, tokenShort) || slices.ContainsFunc(words, func(w string) bool { return slices.Contains(likelyWords, w) }) {
		return likely
	}
	return plain
}

// The tables of names. What a person knows is named as in HTML's autocomplete
// tokens (WHATWG HTML, 4.10.18.7), in payment forms (cvv, cvc, csc: EMV) and in
// common spellings of them. Tokens are named as in OAuth 2.0 (RFC 6749, 7521,
// 7636), SAML 2.0 bindings, OpenID Connect, and the session ids that OWASP's Session
// Management Cheat Sheet lists. A name that is in
// no table is judged by its value, see detect.go.
var (
	// passwordParts make a name that of a password wherever they stand in it.
	passwordParts = []string{"password", "passwd", "passphrase", "passwort", "motdepasse", "contrasena"}

	// passwordNames are whole names of what a person knows.
	passwordNames = []string{"pass", "pwd", "passcode", "pin", "pincode", "userpass", "userpwd", "loginpass", "newpass", "oldpass",
		"newpwd", "oldpwd", "otp", "otpcode", "totp", "totpcode", "cvv", "cvv2", "cvc", "cvc2", "csc", "ssn", "securitycode",
		"securityanswer", "secretanswer", "verificationcode", "smscode", "mfacode"}

	// tokenNames are whole names of tokens and keys.
	tokenNames = []string{"authorization", "proxyauthorization", "xauth", "sid", "jsessionid", "phpsessid", "sessid", "sessionid",
		"aspsessionid", "cfid", "cftoken", "samlresponse", "samlrequest", "jwt", "bearer", "clientassertion", "codeverifier"}

	// tokenEnds end the names of tokens and keys.
	tokenEnds = []string{"token", "secret", "apikey", "accesskey", "secretkey", "privatekey", "authkey", "sessionkey", "signingkey",
		"encryptionkey", "subscriptionkey", "functionskey", "accountkey", "licensekey", "sessionid", "secretaccesskey", "accesskeyid"}

	// tokenShort ends names that abbreviate "token", and other names too.
	tokenShort = "tok"

	// likelyWords are words of names that tokens have, and other values too.
	likelyWords = []string{"token", "secret", "auth", "authorization", "nonce", "ticket", "sig", "signature", "hmac", "session", "sess", "sid",
		"credential", "credentials", "assertion", "verifier", "jwt", "bearer", "code", "pass", "pwd", "otp", "csrf", "xsrf"}

	// aboutWords end names of what is said about a secret.
	aboutWords = []string{"type", "types", "expires", "expiry", "expiration", "expire", "length", "min", "max", "count", "strength", "policy", "hint",
		"url", "uri", "name", "param", "header", "at", "in", "date", "time", "ttl", "required", "label", "placeholder", "error", "message", "limit", "id"}
)

// maxName is the length in bytes of the longest name that is looked at.
const maxName = 128

// wordsOf splits a name into words in lower case. "X-" in front is dropped.
func wordsOf(name string) []string {
	if len(name) > maxName {
		return nil
	}
	var words []string
	start, lower := 0, false
	flush := func(end int) {
		if end > start {
			words = append(words, strings.ToLower(name[start:end]))
		}
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case !isLetter(c) && (c < '0' || c > '9'):
			flush(i)
			start, lower = i+1, false
		case c >= 'A' && c <= 'Z' && lower:
			flush(i)
			start, lower = i, false
		default:
			lower = c >= 'a'
		}
	}
	flush(len(name))
	if len(words) > 1 && words[0] == "x" {
		words = words[1:]
	}
	return words
}
