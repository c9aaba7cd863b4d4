package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// pseudonym returns what a value becomes in a place where it is secret.
func pseudonym(t testing.TB, r *Redactor, secret string) string {
	t.Helper()
	return r.Value("token", secret)
}

func TestAPseudonymKeepsTheForm(t *testing.T) {
	r := newRedactor(t, testKey, "")
	for _, c := range []struct{ name, secret, pattern string }{
		{"digits", "20391847", "dddddddd"},
		{"lower hex", "deadbeef01234567", "hhhhhhhhdddddddd"},
		{"upper hex", "DEADBEEF01234567", "HHHHHHHHdddddddd"},
		{"mixed", "Zx81-kQ_pL", "AaddPaAPaA"},
		{"uuid keeps version and variant", "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "dhddddhdPdhddP4dhdP9hdhPddddhddhdddd"},
		{"punctuation stays", "a.b/c+d=e:f", "aPaPaPaPaPa"},
		{"umlauts stay letters", "passwörd-strasse", "aaaaa\u00f6aaPaaaaaaa"},
	} {
		got := pseudonym(t, r, c.secret)
		if len(got) != len(c.secret) || got == c.secret {
			t.Errorf("%s: %q became %q", c.name, c.secret, got)
			continue
		}
		for i := range len(got) {
			g, ok := got[i], true
			switch p := c.pattern[i]; p {
			case 'd':
				ok = g >= '0' && g <= '9'
			case 'h':
				ok = g >= 'a' && g <= 'f'
			case 'H':
				ok = g >= 'A' && g <= 'F'
			case 'a':
				ok = g >= 'a' && g <= 'z'
			case 'A':
				ok = g >= 'A' && g <= 'Z'
			case 'P':
				ok = g == c.secret[i]
			case '4', '9':
				ok = g == p
			default:
				ok = g >= 0x80
			}
			if !ok {
				t.Errorf("%s: %q became %q, which differs in kind at %d", c.name, c.secret, got, i)
			}
		}
		if !utf8.ValidString(got) {
			t.Errorf("%s: %q became %q, which is no UTF-8", c.name, c.secret, got)
		}
	}
}

func TestPseudonymsAreConsistentAndUnlinkable(t *testing.T) {
	a, again, b := newRedactor(t, testKey, ""), newRedactor(t, testKey, ""), newRedactor(t, bytes.Repeat([]byte{8}, KeySize), "")
	c := canaries{rand.New(rand.NewPCG(3, 4))}
	seen := map[string]string{}
	for range 2000 {
		for _, secret := range []string{c.token(), c.uuid(), c.email(), c.card(), c.password(), c.chars(digits, 20)} {
			x, y, z := pseudonym(t, a, secret), pseudonym(t, again, secret), pseudonym(t, b, secret)
			if x != y || x != pseudonym(t, a, secret) {
				t.Fatalf("%q became %q and %q with one key", secret, x, y)
			}
			if x == z || x == secret {
				t.Fatalf("%q became %q with two keys", secret, x)
			}
			if old, had := seen[x]; had && old != secret && len(secret) >= 20 && !isCard([]byte(secret)) {
				t.Fatalf("%q and %q both became %q", old, secret, x)
			}
			seen[x] = secret
		}
	}
	if upper := pseudonym(t, a, strings.ToUpper("3f2504e0-4f89-41d3-9a0c-0305e82c3301")); upper != strings.ToUpper(pseudonym(t, a, "3f2504e0-4f89-41d3-9a0c-0305e82c3301")) {
		t.Errorf("a UUID in capitals became %q", upper)
	}
}

func TestARandomKeyIsMade(t *testing.T) {
	if x, y := pseudonym(t, newRedactor(t, nil, ""), "Zx81kQpL0vR7wT2n"), pseudonym(t, newRedactor(t, nil, ""), "Zx81kQpL0vR7wT2n"); x == y {
		t.Errorf("two redactors without a key both made %q", x)
	}
	if _, err := New(Options{Key: []byte("short")}); err == nil {
		t.Error("a key of five bytes was taken")
	}
}

func TestJWTsStayParseable(t *testing.T) {
	r := newRedactor(t, testKey, "")
	parts := strings.Split(pseudonym(t, r, jwtOf(`{"iss":"shop","sub":"ada","email":"ada@shop.example","uid":4711,"exp":1716242622,"admin":true,"roles":["buyer"]}`)), ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts", len(parts))
	}
	var header, claims map[string]any
	for i, to := range []*map[string]any{&header, &claims} {
		b, err := base64.RawURLEncoding.Strict().DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, to); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := base64.RawURLEncoding.Strict().DecodeString(parts[2]); err != nil {
		t.Errorf("signature: %v", err)
	}
	if header["alg"] != "HS256" || claims["iss"] != "shop" || claims["exp"] != 1716242622.0 || claims["admin"] != true || claims["roles"].([]any)[0] != "buyer" {
		t.Errorf("header %v, claims %v; want algorithm, issuer, times and roles kept", header, claims)
	}
	if claims["sub"] == "ada" || claims["uid"] == 4711.0 || claims["email"] == "ada@shop.example" || !isEmail([]byte(claims["email"].(string))) {
		t.Errorf("claims %v; want the person gone", claims)
	}
	if want := pseudonym(t, r, "ada"); claims["sub"] != want {
		t.Errorf("subject %v, want %v as elsewhere", claims["sub"], want)
	}
}

func TestCardsStayCards(t *testing.T) {
	r := newRedactor(t, testKey, "")
	for _, card := range []string{"4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "3530111333300000", "30569309025904", "2223003122003222"} {
		for _, grouped := range []string{card, card[:4] + " " + card[4:8] + " " + card[8:], card[:4] + "-" + card[4:]} {
			got := pseudonym(t, r, grouped)
			if !isCard([]byte(got)) || got == grouped || got[0] != card[0] || len(got) != len(grouped) || !certifiedCard([]byte(got)) {
				t.Errorf("%s became %s", grouped, got)
			}
		}
		if certifiedCard([]byte(card)) {
			t.Errorf("%s passes for a pseudonym", card)
		}
	}
}

func TestBase64StaysDecodable(t *testing.T) {
	r := newRedactor(t, testKey, "")
	c := rand.New(rand.NewPCG(5, 6))
	for n := 12; n < 40; n++ {
		raw := make([]byte, n)
		for i := range raw {
			raw[i] = byte(c.Uint32())
		}
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			secret := enc.EncodeToString(raw)
			if _, err := enc.Strict().DecodeString(pseudonym(t, r, secret)); err != nil {
				t.Errorf("%s became %s: %v", secret, pseudonym(t, r, secret), err)
			}
		}
	}
}

func TestScanTellsSecretsFromPseudonyms(t *testing.T) {
	r := newRedactor(t, testKey, "")
	c := canaries{rand.New(rand.NewPCG(7, 8))}
	const each = 3000
	missed := 0
	for range each {
		for _, secret := range []string{c.token(), c.uuid(), c.chars(lowers, 9), c.chars(digits, 6), c.chars(hexes, 32), c.password()} {
			if certified([]byte(secret)) {
				missed++
			}
			if p := pseudonym(t, r, secret); !certified([]byte(p)) {
				t.Fatalf("%q became %q, which is not certified", secret, p)
			}
		}
	}
	if missed > each/50 { // six digits pass once in a hundred
		t.Errorf("%d of %d secrets pass for pseudonyms", missed, 6*each)
	}
}

func TestIsPseudonymNeedsNoKey(t *testing.T) {
	r, err := New(Options{Key: testKey})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"correct-horse-battery-9", "9f86d081884c7d659a2feaa0c55ad015", "anna.berg@shop.test", "4111 1111 1111 1111", "Zx81-Qq70-Lm55-Tr02"} {
		p := r.Value("password", secret)
		if p == secret || !IsPseudonym(p) || IsPseudonym(secret) {
			t.Errorf("%q: pseudonym %q, told %v and %v; want true for the pseudonym alone", secret, p, IsPseudonym(p), IsPseudonym(secret))
		}
	}
	for _, word := range []string{"", "ann", "application/json", "text/html; charset=utf-8", "2026-03-01T12:00:00Z", "de-DE,de;q=0.9"} {
		if IsPseudonym(word) {
			t.Errorf("%q is called a pseudonym", word)
		}
	}
}
