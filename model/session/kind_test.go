package session

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rounds writes lines for users who take turns: in each round every user sends one
// request, whose text is made by line. pool is the number of connections that they share;
// 0 gives each one of its own.
func rounds(users, n, pool int, line func(user, round int) string) []string {
	var out []string
	for k := range n {
		for u := range users {
			conn := u + 1
			if pool > 0 {
				conn = (u*5+k*3)%pool + 1
			}
			out = append(out, fmt.Sprintf("%d %d %c%d %s", len(out), conn, 'a'+u, k, line(u, k)))
		}
	}
	return out
}

// inTurn writes the same lines, with each user after the other.
func inTurn(users, n int, line func(user, round int) string) []string {
	var out []string
	for u := range users {
		for k := range n {
			out = append(out, fmt.Sprintf("%d %d %c%d %s", len(out), u+1, 'a'+u, k, line(u, k)))
		}
	}
	return out
}

// value is a random-looking value of a user.
func value(name string, user int) string {
	return fmt.Sprintf("%s%016x", name, uint64(user+1)*0x9E3779B97F4A7C15)
}

// jwt is a token of a subject with a number of its own.
func jwt(subject string, n int) string {
	claims := map[string]string{"ada": "eyJzdWIiOiJhZGEifQ", "bob": "eyJzdWIiOiJib2IifQ", "eve": "eyJzdWIiOiJldmUifQ"}[subject]
	return "eyJhbGciOiJIUzI1NiJ9." + claims + "." + value("sig", n)
}

// byLetter checks that the users found are those of the first letters of the names.
func byLetter(t *testing.T, lines []string, users int, o Options) {
	t.Helper()
	sessions, err := Split(all(table(lines...)), o)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, line := range describe(sessions) {
		user, names, _ := strings.Cut(line, ": ")
		for name := range strings.FieldsSeq(names) {
			found[user] += name[:1]
		}
	}
	if len(found) != users {
		t.Errorf("%d users, want %d\n%s", len(found), users, strings.Join(describe(sessions), "\n"))
	}
	for user, letters := range found {
		if strings.Trim(letters, letters[:1]) != "" {
			t.Errorf("%s is several users: %s", user, letters)
		}
	}
}

func TestWhatAllShareTellsNobodyApart(t *testing.T) {
	const basic, key = "auth=c3RhZ2U6dmVyeS1zZWNyZXQtUGFzczk5", "X-App-Key:5f2c9a01b7e84d63aa905f2c"
	own := func(u, k int) string {
		if k == 0 {
			return "set=sid=" + value("s", u)
		}
		return "cookie=sid=" + value("s", u)
	}
	for name, shared := range map[string]string{"a password": basic, "a key in a header field": key, "a cookie": "cookie=consent=" + value("c", 9)} {
		t.Run(name+" of users who come one after the other", func(t *testing.T) {
			byLetter(t, inTurn(6, 3, func(u, k int) string { return shared }), 6, Options{})
		})
		t.Run(name+" of users who take turns", func(t *testing.T) {
			byLetter(t, rounds(6, 4, 0, func(u, k int) string { return shared }), 6, Options{})
		})
		t.Run(name+" beside cookies", func(t *testing.T) {
			byLetter(t, inTurn(6, 3, func(u, k int) string { return shared + " " + own(u, k) }), 6, Options{})
			byLetter(t, rounds(6, 4, 4, func(u, k int) string { return own(u, k) + " " + shared }), 6, Options{})
		})
	}
	t.Run("two keys of two applications beside cookies", func(t *testing.T) {
		byLetter(t, rounds(6, 5, 4, func(u, k int) string { return own(u, k) + " X-App-Key:" + value("k", u%2) }), 6, Options{})
		byLetter(t, inTurn(6, 5, func(u, k int) string { return own(u, k) + " X-App-Key:" + value("k", u/3) }), 6, Options{})
	})
	t.Run("a token that one login gave for all", func(t *testing.T) {
		lines := append([]string{"0 99 setup gives=" + jwt1 + " User-Agent:setup/1"}, rounds(6, 4, 4, func(u, k int) string { return own(u, k) + " auth=" + jwt1 })...)
		sessions, err := Split(all(table(lines...)), Options{})
		if err != nil || len(sessions) != 7 {
			t.Errorf("%d sessions and error %v, want those of the setup and of six users\n%s", len(sessions), err, strings.Join(describe(sessions), "\n"))
		}
	})
	t.Run("the report names it", func(t *testing.T) {
		var r Report
		if _, err := Split(all(table(rounds(4, 3, 0, func(u, k int) string { return key })...)), Options{Report: &r}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"header X-App-Key"}, r.Shared); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if text := strings.Join(r.Lines(), "\n"); r.Thin != 4 || !strings.Contains(text, "nothing names 4 of 4 users; by connection alone there would be 4, by address and program alone 1") {
			t.Errorf("%d users on thin evidence; the report says\n%s", r.Thin, text)
		}
	})
}

func TestUsersOnPooledConnectionsAreFoundByWhatNamesThem(t *testing.T) {
	names := []string{"ada", "bob", "eve"}
	for _, c := range []struct {
		name  string
		users int
		line  func(u, k int) string
	}{
		{"a cookie from before the recording", 7, func(u, k int) string { return "cookie=sid=" + value("s", u) }},
		{"a token from before the recording", 7, func(u, k int) string { return "auth=" + value("t", u) }},
		{"a field of the application's own", 7, func(u, k int) string { return "X-Device-Id:" + value("d", u) }},
		{"a field that answers give and that changes", 7, func(u, k int) string { return "X-Session:" + value("d", u) }},
		{"a parameter in the path", 7, func(u, k int) string { return "" }},
		{"the subject of tokens that change all the time", 3, func(u, k int) string { return "auth=" + jwt(names[u], 100*u+k) }},
		{"the login name of Digest", 3, func(u, k int) string {
			return fmt.Sprintf(`authorization:Digest+username="%s",+nonce="%s",+response="%s"`, names[u], value("n", k), value("r", 10*u+k))
		}},
		{"a number that a gateway gives each user", 7, func(u, k int) string { return fmt.Sprintf("X-Member-Id:%d X-App-Key:5f2c9a01b7e84d63aa905f2c", u+3) }},
		{"a token in the query", 7, func(u, k int) string { return "?access_token=" + value("q", u) }},
		{"a device in the body", 7, func(u, k int) string { return `sends=x","deviceId":"` + value("v", u) }},
		{"a cookie that a script makes of numbers", 7, func(u, k int) string { return fmt.Sprintf("cookie=seen=V1.2.%d.1577836800", 918273645+u*7654321) }},
		{"X-Forwarded-For with private addresses first", 7, func(u, k int) string { return fmt.Sprintf("X-Forwarded-For:10.0.0.%d,+203.0.113.%d", u%2, u/2) }},
		{"X-Forwarded-For", 7, func(u, k int) string { return fmt.Sprintf("X-Forwarded-For:203.0.113.%d,+10.0.0.1", u+1) }},
		{"Forwarded", 7, func(u, k int) string { return fmt.Sprintf(`Forwarded:for="[2001:db8::%d]";proto=https`, u+1) }},
		{"X-Real-IP", 7, func(u, k int) string { return fmt.Sprintf("X-Real-IP:203.0.113.%d", u+1) }},
		{"programs of their own", 4, func(u, k int) string { return fmt.Sprintf("User-Agent:program/%d", u) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines := rounds(c.users, 5, 3, c.line)
			for i := range lines {
				lines[i] = strings.Replace(lines[i], " ?", "?", 1)
			}
			if c.name == "a parameter in the path" {
				for i := range lines {
					fields := strings.Fields(lines[i])
					lines[i] = fmt.Sprintf("%s %s %s;jsessionid=%s", fields[0], fields[1], fields[2], value("J", int(fields[2][0])))
				}
			}
			byLetter(t, lines, c.users, Options{})
		})
	}
}

func TestWhatChangesWithEachRequestTellsNobodyApart(t *testing.T) {
	n := 0
	trace := func(share int) func(u, k int) string {
		return func(u, k int) string { n++; return "X-Trace:" + value("t", n/share) }
	}
	byLetter(t, rounds(5, 4, 0, trace(1)), 5, Options{})
	byLetter(t, inTurn(5, 6, trace(2)), 5, Options{})
}

func TestACookieThatChangesWhileRequestsAreUnderWayIsOneUsers(t *testing.T) {
	// Every second request of a user gets a new cookie, and the next one still has the old.
	byLetter(t, rounds(4, 12, 5, func(u, k int) string {
		now := value("s", 100*u+max(0, (k-1)/2))
		line := "cookie=sid=" + now + " auth=" + jwt1
		if k%2 == 0 {
			line = "cookie=sid=" + now + " set=sid=" + value("s", 100*u+k/2) + " auth=" + jwt1
		}
		return line
	}), 4, Options{})
}

func TestAValueThatOneUserIsGivenAgainAndAgainTellsWhoSendsIt(t *testing.T) {
	for name, line := range map[string]func(u, k int) string{
		"by answers to who sends it": func(u, k int) string {
			if k < 2 {
				return "auth=" + value("t", u) + " gives=" + value("r", u)
			}
			return "sends=" + value("r", u) + " gives=" + value("r", u)
		},
		"by answers to who is named": func(u, k int) string {
			if k < 3 {
				return "auth=" + value("t", u) + fmt.Sprintf(" gives=%s+%s", value("r", u), value("a", u))
			}
			return "sends=" + value([]string{"a", "r"}[k%2], u)
		},
	} {
		t.Run(name, func(t *testing.T) { byLetter(t, rounds(4, 6, 3, line), 4, Options{}) })
	}
	t.Run("but not if others are given it too", func(t *testing.T) {
		lines := rounds(4, 3, 4, func(u, k int) string { return "auth=" + value("t", u) + " gives=" + value("r", 9) })
		byLetter(t, append(lines, "13 9 x sends="+value("r", 9)+" User-Agent:other/1"), 5, Options{})
	})
}

func TestRobotsAndPollersAreSetApart(t *testing.T) {
	var lines []string
	for i := range 12 {
		lines = append(lines, fmt.Sprintf("%d 1 health User-Agent:probe/1", 10*i))
	}
	lines = append(lines, "3 2 robots.txt User-Agent:Someone", "5 2 a User-Agent:Someone", "9 3 b User-Agent:Mozilla/5.0+(compatible;+XBot/2.1)",
		"4 4 x User-Agent:Firefox", "9 4 y User-Agent:Firefox", "70 4 z User-Agent:Firefox")
	var r Report
	sessions, err := Split(all(table(lines...)), Options{Report: &r})
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]Kind{}
	for _, s := range sessions {
		kinds[s.Flows[0].Request.Target] = s.Kind
	}
	if diff := cmp.Diff(map[string]Kind{"/health": Poller, "/robots.txt": Robot, "/b": Robot, "/x": Person}, kinds); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(map[Kind]int{Robot: 2, Poller: 1}, r.Apart); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestHealthChecksAndMonitorsAreNoPersons(t *testing.T) {
	for _, c := range []struct {
		name   string
		n      int
		method string
		line   func(i int) string
		want   Kind
	}{
		{"a connection for each check", 12, "GET", func(i int) string { return fmt.Sprintf("%d %d status User-Agent:svc/1", 10*i, i+1) }, Poller},
		{"a program that says what it is", 4, "GET", func(i int) string { return fmt.Sprintf("%d 1 ready User-Agent:kube-probe/1.31", 7*i*i) }, Poller},
		{"two addresses in turn", 40, "GET", func(i int) string { return fmt.Sprintf("%d 1 page%d User-Agent:svc/1", 10*i, i%2) }, Poller},
		{"a person at uneven intervals", 40, "GET", func(i int) string { return fmt.Sprintf("%d 1 page%d User-Agent:svc/1", i*i, i%5) }, Person},
		{"a person who is there for a moment", 7, "GET", func(i int) string { return fmt.Sprintf("%d 1 page User-Agent:svc/1", 10*i) }, Person},
		{"a device that tells what it measures", 40, "POST", func(i int) string { return fmt.Sprintf("%d 1 readings User-Agent:svc/1", 10*i) }, Person},
	} {
		var lines []string
		for i := range c.n {
			lines = append(lines, c.line(i))
		}
		flows := table(lines...)
		for _, f := range flows {
			f.Request.Method = c.method
		}
		sessions, err := Split(all(flows), Options{})
		if err != nil || len(sessions) != 1 || sessions[0].Kind != c.want {
			t.Errorf("%s: error %v, %d sessions, the first by a %v; want one by a %v", c.name, err, len(sessions), sessions[0].Kind, c.want)
		}
	}
}

func TestSessionsThatTheRecordingCutAreMarked(t *testing.T) {
	sessions, err := Split(all(table(
		"0 1 b referer:http://shop.test/a", "9 1 c referer:http://shop.test/b", // from a page that is not here
		"1 2 k cookie=sid="+value("s", 1), "5 2 l cookie=sid="+value("s", 1), // it had its cookie before
		"2 3 m set=sid="+value("s", 2), "6 3 n cookie=sid="+value("s", 2), // whole
		"90 4 u set=sid="+value("s", 3), "98 4 v cookie=sid="+value("s", 3), "100 5 w", // it may go on
	)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Cut{}
	for _, s := range sessions {
		got[s.Flows[0].Request.Target] = s.Cut
	}
	if diff := cmp.Diff(map[string]Cut{"/b": CutStart, "/k": CutStart, "/m": 0, "/u": CutEnd, "/w": 0}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestConnectionsOfOneBrowserAreBoundByWhatTheyCarryLater(t *testing.T) {
	const from = " referer:http://shop.test/"
	sessions, err := Split(all(table(
		"0 1 home html", "1 4 home html", // the first connection waits
		"1 2 x.css kept"+from+"home", "1 5 x.css kept"+from+"home", // either may be of either
		"1 3 y.js kept"+from+"home", "1 6 y.js kept"+from+"home",
		"5 1 p html"+from+"home", "5 2 p.png kept"+from+"p", "5 3 q.png kept"+from+"p",
		"9 4 r html"+from+"home", "9 5 r.png kept"+from+"r", "9 6 s.png kept"+from+"r",
	)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sessions {
		for _, f := range s.Flows {
			if first := s.Flows[0].Conn; f.Conn < first || f.Conn > first+2 {
				t.Errorf("connections %d and %d have one user", first, f.Conn)
			}
		}
	}
	if len(sessions) != 2 {
		t.Errorf("%d sessions, want 2", len(sessions))
	}
}

func TestWhatABrowserKeepsItDoesNotFetchAgain(t *testing.T) {
	const from = " referer:http://shop.test/home"
	sessions, err := Split(all(table(
		"0 1 home html", "0 1 x.css kept"+from, "1 1 y.js kept"+from,
		"20 2 home html", "20 2 x.css kept"+from, "21 2 y.js kept"+from, // another client: it fetches all
	)), Options{})
	if diff := cmp.Diff([]string{"u1: home x.css y.js", "u2: home x.css y.js"}, describe(sessions)); diff != "" || err != nil {
		t.Errorf("error %v (-want +got)\n%s", err, diff)
	}
}
