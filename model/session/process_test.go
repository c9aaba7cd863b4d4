package session

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/record/flow"
)

// openedBy makes the connections that processes opened: the process of connection i is at
// place i-1.
func openedBy(processes ...uint64) *Conns {
	c := &Conns{}
	for i, p := range processes {
		c.Add(&flow.Conn{ID: uint64(i + 1), Client: fmt.Sprintf("127.0.0.1:%d", 4000+i), Process: p})
	}
	return c
}

func TestConnectionsOfOneProcessAreOneUsersUnlessOthersUseItToo(t *testing.T) {
	const ua, other = " User-Agent:a", " User-Agent:b"
	for _, c := range []struct {
		name  string
		conns *Conns
		flows []string
		want  []string
	}{
		{"two browsers with the same name", openedBy(1, 1, 2, 2), []string{"0 1 a html" + ua, "1 3 b html" + ua, "2 2 c kept" + ua, "3 4 d kept" + ua}, []string{"u1: a c", "u2: b d"}},
		{"a program whose users have a connection each", openedBy(1, 1, 1), []string{"0 1 a" + ua, "1 1 b" + ua, "2 2 a" + ua, "3 2 b" + ua, "4 3 a" + ua, "5 3 b" + ua}, []string{"u1: a b", "u2: a b", "u3: a b"}},
		{"a browser with several profiles", openedBy(1, 1, 1, 1), []string{"0 1 a html", "1 2 a html", "2 3 a html", "3 4 a html", "4 1 b kept", "5 2 c kept", "6 3 d kept", "7 4 e kept"},
			[]string{"u1: a b", "u2: a c", "u3: a d", "u4: a e"}},
		{"a program that began later goes on as nobody", openedBy(1, 2, 2), []string{"0 1 a html" + ua, "1 1 b kept" + ua, "9 2 c html referer:http://shop.test/a" + ua, "10 3 d kept" + ua}, []string{"u1: a b", "u2: c d"}},
		{"a program for each request", openedBy(1, 2), []string{"0 1 a html" + ua, "1 2 b referer:http://shop.test/a" + ua}, []string{"u1: a b"}},
		{"clients with several programs behind one", openedBy(1, 1), []string{"0 1 a" + ua, "1 2 b" + other, "2 1 c" + ua}, []string{"u1: a c", "u2: b"}},
		{"users who take turns", openedBy(1, 1, 1), []string{"0 1 a set=" + sidA, "1 2 b set=" + sidB, "2 1 c cookie=" + sidA, "3 2 d cookie=" + sidB, "4 3 e"},
			[]string{"u1: a c", "u2: b d", "u3: e"}},
		{"one user after another", openedBy(1, 1, 1), []string{"0 1 a set=" + sidA, "1 1 b cookie=" + sidA, "2 2 c set=" + sidB, "3 3 d cookie=" + sidB}, []string{"u1: a b", "u2: c d"}},
		{"what a browser keeps is fetched twice", openedBy(1, 1), []string{"0 1 x kept", "0 1 y kept", "1 2 x kept", "1 2 y kept"}, []string{"u1: x y", "u2: x y"}},
	} {
		sessions, err := Split(all(table(c.flows...)), Options{Conns: c.conns})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, describe(sessions)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
	}
}

func TestAProcessWithMoreRequestsUnderWayThanABrowserHasMakesLoad(t *testing.T) {
	for under, users := range map[int]int{6: 1, 40: 40} {
		var lines []string
		var processes []uint64
		for i := range under {
			lines = append(lines, fmt.Sprintf("0 %d a%d %s", i+1, i, []string{"html", "kept"}[min(i, 1)]))
			processes = append(processes, 7)
		}
		sessions, err := Split(all(table(lines...)), Options{Conns: openedBy(processes...)})
		if err != nil || len(sessions) != users {
			t.Errorf("%d requests at a time: %d sessions and error %v, want %d", under, len(sessions), err, users)
		}
	}
}
