package client

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestErrorsQuoteNeitherRequestNorAnswer(t *testing.T) {
	for name, tt := range map[string]struct{ target, answer, want string }{
		"a control character in a head": {"/", "HTTP/1.1 200 OK\r\nSet-Cookie: sid=hunter2\x00\r\n\r\n", "bad response"},
		"a body where a head should be": {"/", "{\"token\":\"hunter2\"}\r\n\r\n", "bad response"},
		"a status that is no number":    {"/", "HTTP/1.1 hunter2 OK\r\n\r\n", "bad response"},
		"a target with a space":         {"/a b?token=hunter2", "HTTP/1.1 200 OK\r\n\r\n", "bad request"},
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, Options{}, "http://"+listen(t, func(c net.Conn) {
				http.ReadRequest(bufio.NewReader(c))
				io.WriteString(c, tt.answer)
			}))
			_, err := c.do(t.Context(), get(tt.target), new(Response))
			if ErrorName(err) != tt.want || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %q, %v", ErrorName(err), err)
			}
		})
	}
}
