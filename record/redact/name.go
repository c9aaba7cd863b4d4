package redact

import (
	"slices"
	"strings"
	"unicode"
)

// A class says what a name tells about its value.
type class uint8

const (
	plain    class = iota // nothing
	kept                  // not secret, by a rule
	likely                // a secret if it looks random
	loose                 // a secret if it is one word that says nothing
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

// classify returns the class of the name of a header, cookie, field or element. Words end
// at other characters and where the case changes.
func classify(name string) class {
	if !mayName([]byte(name)) {
		return plain
	}
	return classifyAny(name)
}

// classifyAny does the work of classify.
func classifyAny(name string) class {
	words := wordsOf(name)
	if len(words) == 0 {
		return plain
	}
	about := slices.Contains(aboutWords, words[len(words)-1])
	bare := bareWords(words)
	joined := strings.Join(bare, "")
	singular := singularOf(joined)
	c := classOf(bare, joined, singular)
	switch {
	case about && c == password, about && c == token && !slices.ContainsFunc(tokenEnds, func(end string) bool { return strings.HasSuffix(joined, end) }):
		return likely
	case c >= token && singular != joined && slices.ContainsFunc(words, func(w string) bool { return slices.Contains(amountWords, w) }):
		return plain // a number of tokens
	}
	return c
}

// classOf returns the class of a name by its words, by the words together, and by these
// without the ending of a plural.
func classOf(words []string, joined, singular string) class {
	for _, part := range passwordParts {
		if strings.Contains(joined, part) {
			return password
		}
	}
	for _, w := range words {
		if slices.Contains(passwordWords, singularOf(w)) {
			return password
		}
	}
	last := singularOf(words[len(words)-1])
	switch {
	case slices.Contains(passwordNames, joined), slices.Contains(passwordNames, singular):
		return password
	case last == "pass" && slices.Contains(passOwners, words[0]), slices.Contains(passOwners, strings.TrimSuffix(joined, "pass")) && joined != "pass":
		return password
	case slices.Contains(tokenNames, joined), slices.Contains(tokenNames, singular), strings.Contains(joined, "csrf"), strings.Contains(joined, "xsrf"):
		return token
	}
	for _, end := range tokenEnds {
		if strings.HasSuffix(joined, end) || strings.HasSuffix(singular, end) {
			return token
		}
	}
	if strings.HasSuffix(joined, tokenShort) || slices.ContainsFunc(words, func(w string) bool {
		return slices.Contains(likelyWords, w) || slices.Contains(likelyWords, singularOf(w))
	}) || slices.Contains(likelyNames, joined) {
		return likely
	}
	return plain
}

// The tables of names. Names of what a person knows come from HTML's autocomplete tokens
// (WHATWG HTML, 4.10.18.7), from payment forms (cvv, cvc, csc: EMV), from common
// spellings, and from what browsers' password managers call the field in other languages.
// Names of tokens come from OAuth 2.0 (RFC 6749, 7521, 7636), SAML 2.0 bindings, OpenID
// Connect, and the session ids in OWASP's Session Management Cheat Sheet. If a name is in
// no table, its value decides: see detect.go. All names are in lower case, and Latin
// letters have no marks.
var (
	// passwordParts make any name that contains one of them the name of a password.
	passwordParts = []string{"password", "passwd", "passwrd", "passphrase", "passcode", "backupcode", "recoverycode", "onetimecode", "verificationcode", "securitycode",
		"recoveryphrase", "seedphrase", "secretphrase", "secretword", "seedword", "mnemonicphrase",
		"passwort", "kennwort", "wachtwoord", "losenord", "adgangskode", "kodeord", "passord", "salasana", "parool", // de, nl, sv, da, no, fi, et
		"motdepasse", "contrasena", "contrasenya", "palavrapasse", "pasahitza", // fr, es, ca, pt, eu
		"lozinka", "slaptazodis", "jelszo", "пароль", "парола", "лозинка", // hr, lt, hu, ru, bg, sr
		"matkhau", "katasandi", "κωδικοςπροσβασης", "סיסמה", "סיסמא", "كلمةالمرور", "كلمةالسر", "गुप्तशब्द", "पासवर्ड", "รหัสผ่าน", // vi, id, el, he, ar, hi, th
		"密码", "密碼", "口令", "パスワード", "暗証番号", "비밀번호", "패스워드"}

	// passwordWords make a name that has one of them as a word the name of a password.
	passwordWords = []string{"pwd", "pw", "psw", "pswd", "otp", "totp", "cvv", "cvc", "pincode", "senha", "parola", "haslo", "heslo", "geslo", "sifre", "κωδικος"}

	// passwordNames are whole names of what a person knows.
	passwordNames = []string{"pass", "pin", "userpass", "userpwd", "loginpass", "newpass", "oldpass",
		"newpwd", "oldpwd", "otpcode", "totpcode", "cvv2", "cvc2", "csc", "ssn",
		"securityanswer", "secretanswer", "smscode", "mfacode"}

	// passOwners are words before "pass" in the names of passwords: other names end so too.
	passOwners = []string{"pass", "user", "login", "db", "database", "smtp", "imap", "pop", "ftp", "sftp", "ssh", "mail", "email", "admin", "root", "my", "new", "old",
		"mysql", "pg", "postgres", "redis", "mongo", "ldap", "proxy", "http", "auth", "account", "wifi", "confirm", "repeat", "require", "bind", "keystore", "key", "store"}

	// tokenNames are whole names of tokens and keys.
	tokenNames = []string{"authorization", "proxyauthorization", "xauth", "sid", "jsessionid", "phpsessid", "sessid", "sessionid",
		"aspsessionid", "cfid", "cftoken", "samlresponse", "samlrequest", "jwt", "bearer", "clientassertion", "codeverifier", "logonid",
		"clesecrete", "clavesecreta", "chavesecreta", "chiavesegreta", "geheimerschlussel", "jetondacces", "zugangstoken", "токен", "令牌", "トークン", "토큰"}

	// tokenEnds end the names of tokens and keys.
	tokenEnds = []string{"token", "secret", "apikey", "accesskey", "secretkey", "privatekey", "privkey", "authkey", "sessionkey", "signingkey",
		"encryptionkey", "enckey", "subscriptionkey", "functionskey", "accountkey", "licensekey", "masterkey", "hmackey", "consumerkey", "applicationkey", "appkey",
		"sharedkey", "presharedkey", "sharedaccesskey", "storagekey", "servicekey", "deploykey", "sshkey", "writekey", "integrationkey", "clientkey", "secretkeybase",
		"sessionid", "secretaccesskey", "accesskeyid", "privatekeyid", "sshprivate", "wgprivate", "mfaseed"}

	// tokenShort ends names that abbreviate "token". Other names end with it too.
	tokenShort = "tok"

	// likelyNames are whole names of tokens. Other values have them too.
	likelyNames = []string{"state", "oauthstate", "clave", "mnemonic"}

	// likelyWords are words in names of tokens. Names of other values have them too.
	likelyWords = []string{"token", "secret", "auth", "authorization", "authentication", "nonce", "nextnonce", "ticket", "sig", "signature", "hmac", "session", "sess", "sid",
		"credential", "assertion", "verifier", "jwt", "bearer", "code", "pass", "pwd", "otp", "csrf", "xsrf", "opaque", "tsm"}

	// aboutWords end the names of values that describe a secret.
	aboutWords = []string{"type", "types", "expires", "expiry", "expiration", "expire", "length", "min", "max", "count", "strength", "policy", "hint",
		"url", "uri", "name", "param", "header", "at", "in", "date", "time", "ttl", "required", "label", "placeholder", "error", "message", "limit", "id",
		"description", "title", "text", "status", "enabled", "disabled", "valid", "invalid", "visible", "provider", "endpoint", "method", "class", "regex", "pattern"}

	// amountWords are words in the names of numbers of tokens.
	amountWords = []string{"max", "min", "total", "num", "count", "used", "prompt", "completion", "input", "output", "limit", "remaining", "per", "cached", "reasoning", "design"}

	// versionWords end the names of secrets and say which one it is.
	versionWords = []string{"value", "val", "string", "raw", "live", "test", "prod", "production", "dev", "staging", "new", "old", "current", "next", "previous", "primary", "secondary",
		"plain", "plaintext", "clear", "data", "content", "pem", "base64", "encoded", "hash", "hashed", "encrypted", "confirm", "confirmation", "again", "repeat", "verify", "check"}
)

// bareWords returns the words of a name without the number or version at its end.
func bareWords(words []string) []string {
	for len(words) > 0 {
		last := words[len(words)-1]
		trimmed := strings.TrimRight(last, "0123456789")
		switch {
		case len(words) > 1 && (trimmed == "" || trimmed == "v" && trimmed != last || slices.Contains(versionWords, last)):
			words = words[:len(words)-1]
		case trimmed != "" && trimmed != last && !slices.Contains(passwordNames, last):
			return append(slices.Clone(words[:len(words)-1]), trimmed)
		default:
			return words
		}
	}
	return words
}

// singularOf removes the ending of a plural.
func singularOf(word string) string {
	if len(word) > 3 && word[len(word)-1] == 's' && word[len(word)-2] != 's' {
		return word[:len(word)-1]
	}
	return word
}

// maxName is the length in bytes of the longest name that is looked at.
const maxName = 128

// wordsOf splits a name into words in lower case, without marks on Latin letters. "X-" and
// "data-" in front are dropped.
func wordsOf(name string) []string {
	if len(name) > maxName {
		return nil
	}
	var words []string
	var word []rune
	lower := false
	flush := func() {
		if len(word) > 0 {
			words = append(words, string(word))
			word = word[:0]
		}
	}
	for _, c := range name {
		switch {
		case c >= 0x80 && unicode.IsMark(c) && len(word) > 0 && word[0] < 0x250:
			continue // a letter and its mark written apart
		case c == unicode.ReplacementChar, c < 0x80 && !isLetter(byte(c)) && (c < '0' || c > '9'), c >= 0x80 && !unicode.IsLetter(c) && !unicode.IsMark(c):
			flush()
			lower = false
			continue
		case lower && unicode.IsUpper(c):
			flush()
			lower = false
		default:
			lower = !unicode.IsUpper(c) && (c < '0' || c > '9')
		}
		word = append(word, unmarked(unicode.ToLower(c)))
	}
	flush()
	if len(words) > 1 && (words[0] == "x" || words[0] == "data") {
		words = words[1:]
	}
	return words
}

// marked are letters with marks, and unmarkedAs the letters without.
var marked, unmarkedAs = []rune("áàâäãåąăắằẵẳặấầẩẫậçćčďéèêëęěếềểễệíìîïıłľñńňóòôöõøőốồổỗộơớờởỡợřśšşșťţțúùûüůűưứừửữựýžźżάέήίόύώςđ"),
	[]rune("aaaaaaaaaaaaaaaaaacccdeeeeeeeeeeeiiiiillnnnoooooooooooooooooorsssstttuuuuuuuuuuuuyzzzαεηιουωςd")

// unmarked returns a small letter without its mark.
func unmarked(c rune) rune {
	if c >= 0x80 && c < 0x1f00 {
		if i := slices.Index(marked, c); i >= 0 {
			return unmarkedAs[i]
		}
	}
	return c
}
