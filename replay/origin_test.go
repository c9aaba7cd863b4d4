package replay

import "testing"

func TestURLsOfTheRecordingAreFoundUnderBothSchemesAndWithTheirPort(t *testing.T) {
	origins := []Origin{
		{Recorded: "https://shop.test", Live: "http://127.0.0.1:1"},
		{Recorded: "https://id.test:443", Live: "http://127.0.0.1:2"},
		{Recorded: "http://id.test:8080", Live: "http://127.0.0.1:3"},
		{Live: "http://127.0.0.1:4"},
	}
	routes, err := routesOf(origins)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		url, now string
		index    int
	}{
		{"https://shop.test", "http://127.0.0.1:1", 0},
		{"https://SHOP.test:443", "http://127.0.0.1:1", 0},
		{"http://shop.test", "http://127.0.0.1:1", 0},
		{"http://shop.test:80", "http://127.0.0.1:1", 0},
		{"https://id.test", "http://127.0.0.1:2", 1},
		{"https://id.test:8080", "http://127.0.0.1:3", 2},
		{"https://id.test:8443", "https://id.test:8443", -1},
		{"https://shop.test.example", "https://shop.test.example", -1},
		{"null", "null", -1},
	} {
		if got := FindOrigin(origins, c.url); got != c.index {
			t.Errorf("%s is origin %d, want %d", c.url, got, c.index)
		}
		if got, want := follow(routes, c.url), c.now; got != want {
			t.Errorf("%s is now %s, want %s", c.url, got, want)
		}
	}
	if got, want := follow(routes, "http://shop.test/a?b=http://id.test/"), "http://127.0.0.1:1/a?b=http://id.test/"; got != want {
		t.Errorf("a referer is now %s, want %s", got, want)
	}
}
