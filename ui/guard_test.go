package ui

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

const token = "correct-horse-battery"

func TestOnlyKnownHostNamesAreAnswered(t *testing.T) {
	h := newHandler(t, Options{Live: newScript(), Hosts: []string{"load.example"}})
	for _, tt := range []struct {
		host string
		want int
	}{
		{"127.0.0.1:7070", 200},
		{"localhost:7070", 200},
		{"LOCALHOST", 200},
		{"demo.localhost:7070", 200},
		{"[::1]:7070", 200},
		{"10.1.2.3", 200},
		{"load.example:7070", 200},
		{"Load.Example.", 200},
		{"evil.example", 421},
		{"127.0.0.1.evil.example:7070", 421},
		{"localhost.evil.example", 421},
		{"xload.example", 421},
		{"", 421},
	} {
		t.Run("host "+tt.host, func(t *testing.T) {
			for _, path := range []string{"/", "/api/live"} {
				if resp := call(h, "GET", path, "Host", tt.host); resp.StatusCode != tt.want {
					t.Errorf("GET %s with host %q: got %d, want %d", path, tt.host, resp.StatusCode, tt.want)
				}
			}
		})
	}
}

func TestOtherSitesCannotCall(t *testing.T) {
	for _, tt := range []struct {
		name, method, path string
		headers            []string
		want               int
	}{
		{"our own page stops", "POST", "/api/live/stop", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"our own page in an old browser stops", "POST", "/api/live/stop", []string{"Origin", "http://127.0.0.1:7070"}, 200},
		{"a program that is no browser stops", "POST", "/api/live/stop", nil, 200},
		{"another site stops", "POST", "/api/live/stop", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"another port of this host stops", "POST", "/api/live/stop", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"another origin in an old browser stops", "POST", "/api/live/stop", []string{"Origin", "http://evil.example"}, 403},
		{"another port in an old browser stops", "POST", "/api/live/stop", []string{"Origin", "http://127.0.0.1:7071"}, 403},
		{"a sandboxed page stops", "POST", "/api/live/stop", []string{"Origin", "null"}, 403},
		{"another site reads", "GET", "/api/live", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"another site follows a link to the page", "GET", "/", []string{"Sec-Fetch-Site", "cross-site"}, 200},
		{"a typed address reads", "GET", "/api/live", []string{"Sec-Fetch-Site", "none"}, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScript()
			resp := call(newHandler(t, Options{Live: s}), tt.method, tt.path, tt.headers...)
			if resp.StatusCode != tt.want {
				t.Errorf("got %d, want %d", resp.StatusCode, tt.want)
			}
			if tt.want == 403 && s.stopped() > 0 {
				t.Error("the run was stopped all the same")
			}
		})
	}
}

func TestTokenIsNeededEverywhere(t *testing.T) {
	var log bytes.Buffer
	s := newScript()
	h := newHandler(t, Options{Live: s, Token: token, Dir: t.TempDir(),
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	for _, path := range []string{"/", "/assets/app-1f2.js", "/api/status", "/api/live", "/api/live/events", "/api/runs", "/api/runs/a.run.zst", "/api/compare"} {
		for _, headers := range [][]string{
			nil,
			{"Authorization", "Bearer wrong-token-wrong-token"},
			{"Authorization", "Basic " + token},
			{"Cookie", "starling-00000000=x"},
		} {
			if resp := call(h, "GET", path, headers...); resp.StatusCode != http.StatusUnauthorized {
				t.Errorf("GET %s with %v: got %d, want 401", path, headers, resp.StatusCode)
			}
		}
	}
	if call(h, "POST", "/api/live/stop"); s.stopped() != 0 {
		t.Error("the run was stopped without the token")
	}
	if resp := call(h, "GET", "/api/live", "Authorization", "Bearer "+token); resp.StatusCode != 200 {
		t.Errorf("with the token: got %d, want 200", resp.StatusCode)
	}
	if resp := call(h, "GET", "/api/live?token="+token); resp.StatusCode != 401 {
		t.Errorf("the API takes a token from the address: got %d, want 401", resp.StatusCode)
	}
	if strings.Contains(log.String(), token) {
		t.Error("the token is in the log")
	}
}

func TestTokenInTheAddressBecomesACookie(t *testing.T) {
	h := newHandler(t, Options{Live: newScript(), Token: token})
	if resp := call(h, "GET", "/?token=wrong-token-wrong-token"); resp.StatusCode != 401 || len(resp.Cookies()) != 0 {
		t.Errorf("wrong token: got %d and %d cookies", resp.StatusCode, len(resp.Cookies()))
	}
	resp := call(h, "GET", "/?a=1&token="+token)
	if got := resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther || got != "/?a=1" {
		t.Fatalf("got %d to %q, want 303 to /?a=1", resp.StatusCode, got)
	}
	cookies := resp.Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode || strings.Contains(cookies[0].Value, token) {
		t.Fatalf("got cookies %v, want one for HTTP only, without the token itself", cookies)
	}
	with := cookies[0].Name + "=" + cookies[0].Value
	for _, path := range []string{"/", "/api/live"} {
		if resp := call(h, "GET", path, "Cookie", with); resp.StatusCode != 200 {
			t.Errorf("GET %s with the cookie: got %d, want 200", path, resp.StatusCode)
		}
	}
	other := newHandler(t, Options{Live: newScript(), Token: token + "2"})
	if resp := call(other, "GET", "/api/live", "Cookie", with); resp.StatusCode != 401 {
		t.Errorf("the cookie opens another server: got %d, want 401", resp.StatusCode)
	}
	if got := call(h, "GET", "//evil.example/?token="+token).Header.Get("Location"); strings.HasPrefix(got, "//") {
		t.Errorf("sent on to another host: %q", got)
	}
}

func TestEveryAnswerIsHardened(t *testing.T) {
	h := newHandler(t, Options{Live: newScript(), Token: token})
	for _, path := range []string{"/", "/api/live", "/nothing"} {
		for _, auth := range []string{"", "Bearer " + token} {
			got := call(h, "GET", path, "Authorization", auth).Header
			for name, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			} {
				if got.Get(name) != want {
					t.Errorf("GET %s: %s is %q, want %q", path, name, got.Get(name), want)
				}
			}
			csp := got.Get("Content-Security-Policy")
			if !strings.Contains(csp, "script-src 'self';") || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") {
				t.Errorf("GET %s: policy is %q", path, csp)
			}
		}
	}
}
