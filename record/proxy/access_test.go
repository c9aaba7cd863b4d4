package proxy

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestWhoMayUseTheProxy(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header["Proxy-Authorization"]) }))
	t.Cleanup(origin.Close)
	host := origin.Listener.Addr().String()
	here, elsewhere := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	users := []string{"ann:wren:42", "bob:finch"}
	for _, c := range []struct {
		name   string
		access Access
		login  string
		fields string
		status int
	}{
		{name: "everybody", status: 200},
		{name: "a client that is allowed", access: Access{Clients: here}, status: 200},
		{name: "another client", access: Access{Clients: elsewhere}, status: 403},
		{name: "another client that says it is allowed", access: Access{Clients: elsewhere}, fields: "X-Forwarded-For: 10.0.0.1\r\n", status: 403},
		{name: "no password", access: Access{Credentials: users}, status: 407},
		{name: "a password", access: Access{Credentials: users}, login: "ann:wren:42", status: 200},
		{name: "another password", access: Access{Credentials: users}, login: "bob:finch", status: 200},
		{name: "a wrong password", access: Access{Credentials: users}, login: "bob:wren:42", status: 407},
		{name: "a part of a password", access: Access{Credentials: users}, login: "bob:finc", status: 407},
		{name: "a user alone", access: Access{Credentials: users}, login: "bob", status: 407},
		{name: "another scheme", access: Access{Credentials: users}, fields: "Proxy-Authorization: Bearer Ym9iOmZpbmNo\r\n", status: 407},
		{name: "both", access: Access{Clients: here, Credentials: users}, login: "bob:finch", status: 200},
		{name: "a password of another client", access: Access{Clients: elsewhere, Credentials: users}, login: "bob:finch", status: 403},
	} {
		for _, tunnel := range []bool{false, true} {
			t.Run(fmt.Sprint(c.name, tunnel), func(t *testing.T) {
				r := start(t, Options{CA: testCA(t), Access: c.access})
				conn, err := net.Dial("tcp", r.addr)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				fields := c.fields
				if c.login != "" {
					fields = "Proxy-Authorization: basic " + base64.StdEncoding.EncodeToString([]byte(c.login)) + "\r\n"
				}
				br := bufio.NewReader(conn)
				ask := func(line, fields string) (*http.Response, string) {
					fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: %s\r\n%s\r\n", line, host, fields)
					method := &http.Request{Method: line[:3]}
					if line[:3] == "CON" {
						method.Method = "CONNECT"
					}
					resp, err := http.ReadResponse(br, method)
					if err != nil {
						t.Fatal(err)
					}
					if method.Method == "CONNECT" && resp.StatusCode == 200 {
						return resp, ""
					}
					body, _ := io.ReadAll(resp.Body)
					return resp, string(body)
				}
				line := "GET http://" + host + "/"
				if tunnel {
					line = "CONNECT " + host
				}
				resp, body := ask(line, fields)
				if resp.StatusCode != c.status || (resp.Header.Get("Proxy-Authenticate") != "") != (c.status == 407) {
					t.Fatalf("answered %d %q %v, want %d", resp.StatusCode, body, resp.Header, c.status)
				}
				if c.status != 200 {
					if n := r.p.Counts(); n.Flows != 0 || n.Refused != 1 {
						t.Errorf("counts %+v", n)
					}
					return
				}
				if tunnel {
					resp, body = ask("GET /", "") // who opened the tunnel is known
				}
				if resp.StatusCode != 200 || body != "[]" {
					t.Errorf("answered %d %q", resp.StatusCode, body)
				}
				if f := r.sink.next(t); f.Request.Headers.Has("Proxy-Authorization") {
					t.Errorf("recorded %v", f.Request.Headers)
				}
			})
		}
	}
}

func TestAccessThatMakesNoSenseIsRefused(t *testing.T) {
	for name, o := range map[string]Options{
		"no password":                    {Access: Access{Credentials: []string{"ann"}}},
		"an empty password":              {Access: Access{Credentials: []string{"ann:"}}},
		"no user":                        {Access: Access{Credentials: []string{":wren"}}},
		"credentials of a reverse proxy": {Access: Access{Credentials: []string{"ann:wren"}}, Upstream: mustParse(t, "http://app.test")},
	} {
		o.Sink = newMemory()
		if _, err := New(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
