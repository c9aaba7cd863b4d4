package origin

import (
	"testing"

	"github.com/starling-load/starling/record/flow"
)

func TestAddressesAreReadInEveryForm(t *testing.T) {
	for text, want := range map[string]string{
		"203.0.113.9": "203.0.113.9", " 203.0.113.9:4711 ": "203.0.113.9", `"[2001:db8::17]:80"`: "2001:db8::17", "::ffff:192.0.2.1": "192.0.2.1",
		"fe80::1%eth0": "fe80::1", "::1": "127.0.0.1", "unknown": "invalid IP", "": "invalid IP",
	} {
		if got := Address(text).String(); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
	for _, h := range []flow.Header{
		{Name: "Forwarded", Value: `for="[2001:db8::17]:4711";proto=https, for=10.0.0.1`}, {Name: "X-Forwarded-For", Value: "2001:db8::17, 10.0.0.1"},
		{Name: "True-Client-IP", Value: "2001:db8::17"},
	} {
		if got := Forwarded(flow.Headers{h}).String(); got != "2001:db8::17" {
			t.Errorf("%s: %s is %s", h.Name, h.Value, got)
		}
	}
}

func TestTheFirstPublicAddressIsTheClients(t *testing.T) {
	for list, want := range map[string]string{
		"203.0.113.9, 10.0.0.1, 198.51.100.7": "203.0.113.9", "10.1.2.3, 10.0.0.1": "10.1.2.3",
		"10.1.2.3, 203.0.113.9, 198.51.100.7": "::ffff:203.0.113.9%10.1.2.3", "unknown, 203.0.113.9": "invalid IP", "": "invalid IP",
	} {
		if got := Forwarded(flow.Headers{{Name: "X-Forwarded-For", Value: list}}).String(); got != want {
			t.Errorf("%q is %s, want %s", list, got, want)
		}
	}
}

func TestPagesBeforeAndAfterARequest(t *testing.T) {
	for _, c := range []struct{ referer, home, want string }{
		{"https://shop.test/cart?a=1#x", "", "/cart?a=1"}, {"https://shop.test:8443", "", "/"}, {"https://other.test/a", "", ""},
		{"https://www.shop.test/a", "www.shop.test", "/a"}, {"about:blank", "", ""},
	} {
		r := flow.Request{Authority: "shop.test:80", Headers: flow.Headers{{Name: "Referer", Value: c.referer}}}
		if got, own := Page(&r, c.home); got != c.want || own != (c.want != "") {
			t.Errorf("%q: page %q, own %v; want %q", c.referer, got, own, c.want)
		}
	}
	for location, want := range map[string]string{"/b?x": "/b?x", "../c": "/c", "https://id.test/login": "/login", "": "", "http://[": ""} {
		f := &flow.Flow{Request: flow.Request{Target: "/a/b"}, Response: &flow.Response{Status: 302, Headers: flow.Headers{{Name: "Location", Value: location}}}}
		if got, ok := Next(f); got != want || ok != (want != "") {
			t.Errorf("%q leads to %q, %v; want %q", location, got, ok, want)
		}
	}
	h := Hosts{}
	for _, referer := range []string{"https://a.test/x", "https://a.test/y", "https://b.test", "nothing"} {
		h.See(referer)
	}
	if h.Most() != "a.test" {
		t.Errorf("most come from %q, want a.test", h.Most())
	}
}
