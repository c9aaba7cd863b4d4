package folder

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
)

func TestReadSource(t *testing.T) {
	got, err := ReadSource("accounts", strings.NewReader("user,password\r\nann,\"a,b\"\r\n\r\nbob,c\r\n"))
	want := model.Source{Name: "accounts", Columns: []string{"user", "password"}, Rows: [][]string{{"ann", "a,b"}, {"bob", "c"}}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, difference (-want +got):\n%s", err, diff)
	}
	for name, text := range map[string]string{
		"an empty file":       "",
		"a row that is short": "a,b\n1\n",
		"a quote left open":   "a,b\n\"1,2\n",
	} {
		if got, err := ReadSource("x", strings.NewReader(text)); err == nil {
			t.Errorf("%s was read as %+v", name, got)
		}
	}
}
