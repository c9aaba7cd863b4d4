package session

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTwoPersonsAtOneBrowserAreTwoUsers(t *testing.T) {
	d, s1, s2, s3 := "device="+value("d", 1), "sid="+value("s", 1), "sid="+value("s", 2), "sid="+value("s", 3)
	for name, lines := range map[string][]string{
		"after a logout that takes the cookie away": {
			"0 1 a cookie=" + d, "1 2 a/in login=ann cookie=" + d + " set=" + s1, "2 3 a/x cookie=" + d + ";" + s1,
			"3 1 a/logout cookie=" + d + ";" + s1 + " clears=sid leads=a/bye", "4 2 a/bye html cookie=" + d,
			"60 1 b/form html cookie=" + d, "65 3 b/in login=bo cookie=" + d + " set=" + s2, "66 2 b/x cookie=" + d + ";" + s2,
		},
		"after a logout that gives another cookie": {
			"0 1 a set=" + s1, "1 2 a/in login=ann cookie=" + s1 + " set=" + s2, "2 3 a/x cookie=" + s2,
			"3 1 a/logout cookie=" + s2 + " set=" + s3 + " leads=a/bye", "4 2 a/bye html cookie=" + s3,
			"60 1 b/form html cookie=" + s3, "65 3 b/in login=bo cookie=" + s3 + " set=sid=" + value("s", 4), "66 2 b/x cookie=sid=" + value("s", 4),
		},
		"without a logout": {
			"0 1 a cookie=" + d, "1 2 a/in login=ann cookie=" + d + " set=" + s1, "2 3 a/x cookie=" + d + ";" + s1,
			"65 3 b/in login=bo cookie=" + d + ";" + s1 + " set=" + s2, "66 2 b/x cookie=" + d + ";" + s2,
		},
		"with tokens, and a late answer to the first": {
			"0 1 a/in login=ann X-Device:" + value("d", 1), "1 2 a/x auth=" + value("t", 1) + " X-Device:" + value("d", 1), "2 2 a/y auth=" + value("t", 1) + " X-Device:" + value("d", 1),
			"65 3 b/in login=bo X-Device:" + value("d", 1), "66 2 b/x auth=" + value("t", 2) + " X-Device:" + value("d", 1),
			"67 2 a/late auth=" + value("t", 1), "68 2 b/y auth=" + value("t", 2) + " X-Device:" + value("d", 1),
		},
		"where nothing but the connection is left after a logout": {
			"0 1 a/home html", "1 1 a/in login=ann set=" + s1, "2 1 a/x cookie=" + s1,
			"3 1 a/logout cookie=" + s1 + " clears=sid leads=a/bye", "4 1 a/bye html",
			"60 1 b/form html", "65 1 b/in login=bo set=" + s2, "66 1 b/x cookie=" + s2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range lines {
				if strings.Contains(lines[i], "X-Device") && strings.Contains(lines[i], "login=") { // the answer gives the token
					lines[i] = strings.Replace(lines[i], " X-Device", " gives="+value("t", 1+strings.Count(lines[i], "bo"))+" X-Device", 1)
				}
			}
			other := "cookie=device=" + value("d", 2) + " X-Device:" + value("d", 2)
			byLetter(t, append(lines, "0 9 c "+other, "9 9 c/x "+other), 3, Options{})
		})
	}
}

func TestWhoLogsOutIsStillThere(t *testing.T) {
	s1, s2 := "sid="+value("s", 1), "sid="+value("s", 2)
	for name, lines := range map[string][]string{
		"and logs in again": {"0 1 in login=ann set=" + s1, "1 1 x cookie=" + s1, "2 1 logout cookie=" + s1 + " set=" + s2, "9 1 form html cookie=" + s2,
			"20 2 in login=Ann cookie=" + s2 + " set=sid=" + value("s", 3), "21 1 y cookie=sid=" + value("s", 3)},
		"and reads on": {"0 1 in login=ann set=" + s1, "1 1 x cookie=" + s1, "2 1 logout cookie=" + s1 + " clears=sid", "9 1 p html", "12 1 q html"},
	} {
		if sessions, err := Split(all(table(lines...)), Options{}); err != nil || len(sessions) != 1 {
			t.Errorf("%s: error %v, want one session\n%s", name, err, strings.Join(describe(sessions), "\n"))
		}
	}
}

// visit is what a client of its own does with an account.
func visit(second, conn, account string, n int) []string {
	return []string{
		second + "0 " + conn + " in login=" + account + " set=sid=" + value("s", n),
		second + "4 " + conn + " x cookie=sid=" + value("s", n), second + "9 " + conn + " y cookie=sid=" + value("s", n),
	}
}

func TestALoginNameTiesTheVisitsOfAPerson(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []string
		want  []string
		says  string
	}{
		{"with new cookies", append(append(visit("1", "1", "ann", 1), visit("2", "2", "bo", 2)...), visit("3", "3", "ann", 3)...),
			[]string{"u1: in x y", "u2: in x y", "u1: in x y"}, "1 visits are those of users who logged in under the same name before; by cookies and tokens alone there would be 3 users"},
		{"but not those of many who use one account at once", append(append(visit("1", "1", "all", 1), visit("1", "2", "all", 2)...), visit("1", "3", "all", 3)...),
			[]string{"u1: in x y", "u2: in x y", "u3: in x y"}, "1 accounts are used by several clients at once and tell nobody apart"},
		{"but not of who is refused", append(append(visit("1", "1", "ann", 1), visit("2", "2", "bo", 2)...), "31 2 in status=401 login=ann cookie=sid="+value("s", 2)+" set=sid="+value("s", 9), "32 2 z cookie=sid="+value("s", 9), "33 2 z cookie=sid="+value("s", 9)),
			[]string{"u1: in x y", "u2: in x y in z z"}, ""},
		{"but not of who makes an account for another", append(append(visit("1", "1", "ann", 1), "20 1 new login=bo cookie=sid="+value("s", 1)), visit("3", "2", "bo", 2)...),
			[]string{"u1: in x y new", "u2: in x y"}, ""},
		{"of a program that has no cookies, which goes on on its connection", []string{
			"0 1 in login=ann gives=" + value("t", 1), "1 1 x auth=" + value("t", 1), "1 2 x auth=" + value("t", 1),
			"4 2 in login=ann gives=" + value("t", 2), "5 1 y auth=" + value("t", 2), "6 3 y auth=" + value("t", 2),
			"8 4 in login=ann gives=" + value("t", 3), "8 4 z auth=" + value("t", 3), "9 4 z auth=" + value("t", 3)}, []string{"u1: in x x in y y", "u1: in z z"}, ""},
	} {
		var r Report
		sessions, err := Split(all(table(c.lines...)), Options{Report: &r})
		if diff := cmp.Diff(c.want, describe(sessions)); diff != "" || err != nil {
			t.Errorf("%s: error %v (-want +got)\n%s", c.name, err, diff)
		}
		if text := strings.Join(r.Lines(), "\n"); !strings.Contains(text, c.says) {
			t.Errorf("%s: the report does not say %q\n%s", c.name, c.says, text)
		}
	}
}

func TestAProgramThatSendsNoCookiesIsOneUserHoweverManyItIsGiven(t *testing.T) {
	var lines, want []string
	for i := range 6 {
		lines = append(lines, fmt.Sprint(i, " 0 ready User-Agent:watch/2 set=sid=", value("w", i)))
	}
	want = append(want, "u1: ready ready ready ready ready ready")
	for i := range 9 { // browsers, which send what they are given
		lines = append(lines, fmt.Sprint(10+i, " 0 a User-Agent:Firefox set=sid=", value("s", i)), fmt.Sprint(30+i, " 0 b User-Agent:Firefox cookie=sid=", value("s", i)))
		want = append(want, fmt.Sprintf("u%d: a b", i+2))
	}
	sessions, err := Split(all(table(lines...)), Options{})
	if diff := cmp.Diff(want, describe(sessions)); diff != "" || err != nil {
		t.Errorf("error %v (-want +got)\n%s", err, diff)
	}
}

func TestATokenInTheBodyTellsWhoseASocketIs(t *testing.T) {
	var lines []string
	for i, user := range []string{"a", "b", "c"} {
		socket := "?sid=" + value("k", i)
		lines = append(lines, "0 0 "+user+"/in gives="+value("t", i), "1 0 "+user+" auth="+value("t", i), "1 0 "+user+" auth="+value("t", i),
			"2 0 "+user+socket+" sends=40{"+value("t", i)+"}", "3 0 "+user+socket, "4 0 "+user+socket)
	}
	byLetter(t, lines, 3, Options{})
}
