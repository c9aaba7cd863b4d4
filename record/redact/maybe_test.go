package redact

import (
	"strings"
	"testing"
)

func TestNoNameOfASecretIsPassedOver(t *testing.T) {
	forms := func(name string) []string {
		capital := strings.ToUpper(name[:1]) + name[1:]
		return []string{name, strings.ToUpper(name), "x-" + name, "my" + capital, "user_" + name, name + "s", name + "_2", name + "Value", capital + "s", "a." + name + ".b", "_" + name, name + "New"}
	}
	tried := 0
	for _, list := range [][]string{passwordParts, passwordWords, passwordNames, tokenNames, tokenEnds, likelyNames, likelyWords} {
		for _, name := range list {
			for _, form := range forms(name) {
				tried++
				if c := classifyAny(form); c > plain && !mayName([]byte(form)) {
					t.Errorf("%s has the class %d and is passed over", form, c)
				}
			}
		}
	}
	for _, form := range []string{"api_key", "API-KEY", "apiKey", "ApiKeys", "access_Token", "dbPasswordNew", "USERPW", "userPw", "newPW2", "X-Auth-Token", "formtok", "csrfmiddlewaretoken", "sessionid", "PHPSESSID", "smtp_pass"} {
		if c := classifyAny(form); c > plain && !mayName([]byte(form)) {
			t.Errorf("%s has the class %d and is passed over", form, c)
		}
	}
	for _, name := range []string{"encode", "mapping", "assign", "author", "tokenize", "inside", "passive", "statement", "className"} {
		if mayName([]byte(name)) {
			t.Errorf("%s is not told apart", name)
		}
	}
	if tried < 1000 {
		t.Errorf("%d names were tried", tried)
	}
}
