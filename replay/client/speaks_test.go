package client

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestATargetSaysWhetherItSpeaksHTTP2(t *testing.T) {
	d, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		http1, http2 bool
	}{
		"HTTP/1 alone": {true, false},
		"HTTP/2 alone": {false, true},
		"both":         {true, true},
	} {
		s := httptest.NewUnstartedServer(http.NotFoundHandler())
		s.Config.Protocols = new(http.Protocols)
		s.Config.Protocols.SetHTTP1(tt.http1)
		s.Config.Protocols.SetUnencryptedHTTP2(tt.http2)
		s.Start()
		if got := d.SpeaksHTTP2(t.Context(), Route{Origin: s.URL}); got != tt.http2 {
			t.Errorf("%s: got %v", name, got)
		}
		s.Close()
		if d.SpeaksHTTP2(t.Context(), Route{Origin: s.URL}) {
			t.Errorf("%s: a target that is gone speaks HTTP/2", name)
		}
	}
}
