package session_test

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// An actor is a client of a site that is made up, in a time of its own. What it does is
// written down as flows.
type actor struct {
	name      string
	at        time.Time
	random    *rand.Rand
	agent     string
	languages string
	bare      bool // a program: it has no cookies, and does not say where it comes from
	slow      float64

	jar    map[string]map[string]string // cookies by host
	has    map[string]bool              // what it keeps
	bearer string
	flows  []*flow.Flow
	who    map[*flow.Flow]string
}

// An exchange is a request of an actor, and the answer.
type exchange struct {
	method string // GET, or POST where there is a body
	url    string // https://HOST/PATH
	from   string // the page that it comes from
	send   string // body
	heads  []string

	status int // 200
	media  string
	answer string
	set    []string // cookies, NAME=VALUE
	leads  string
	gives  []string // header fields of the answer
	kept   bool     // clients keep the answer
	plain  bool     // without the bearer token
}

// do sends a request and waits for the answer.
func (a *actor) do(x exchange) {
	f := a.write(x, a.at)
	a.at = a.at.Add(f.Done + time.Duration(a.random.IntN(3000))*time.Microsecond)
}

// together sends requests side by side, at most six at a time.
func (a *actor) together(list ...exchange) {
	free := [6]time.Time{}
	for i := range free {
		free[i] = a.at.Add(time.Duration(a.random.IntN(4000)) * time.Microsecond)
	}
	for _, x := range list {
		if x.kept && a.has[x.url] {
			continue
		}
		a.has[x.url] = a.has[x.url] || x.kept
		next := 0
		for i := range free {
			if free[i].Before(free[next]) {
				next = i
			}
		}
		f := a.write(x, free[next])
		free[next] = free[next].Add(f.Done + time.Duration(a.random.IntN(1500))*time.Microsecond)
	}
	a.at = slices.MaxFunc(free[:], time.Time.Compare)
}

// think lets time pass, about as many seconds.
func (a *actor) think(seconds float64) {
	a.at = a.at.Add(time.Duration(max(0.15, a.slow*seconds*math.Exp(0.6*a.random.NormFloat64())) * float64(time.Second)))
}

// value draws a random value of a number of characters.
func (a *actor) value(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[a.random.IntN(len(letters))]
	}
	return string(b)
}

// token makes a JSON Web Token of claims.
func (a *actor) token(claims string) string {
	b := base64.RawURLEncoding.EncodeToString([]byte(fmt.Sprintf(`{%s,"iat":%d,"jti":"%s"}`, claims, a.at.Unix(), a.value(12))))
	return "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + b + "." + a.value(43)
}

func (a *actor) write(x exchange, at time.Time) *flow.Flow {
	u, err := url.Parse(x.url)
	if err != nil {
		panic(err)
	}
	x.method = cmp.Or(x.method, map[bool]string{true: "GET", false: "POST"}[x.send == ""])
	f := &flow.Flow{Scheme: u.Scheme, Protocol: "HTTP/1.1", Start: at, Done: time.Duration(4000+a.random.IntN(25000)) * time.Microsecond,
		Request: flow.Request{Method: x.method, Target: u.RequestURI(), Authority: u.Host, Body: flow.NewBody([]byte(x.send))}}
	add := func(name, value string) {
		f.Request.Headers = append(f.Request.Headers, flow.Header{Name: name, Value: value})
	}
	add("User-Agent", a.agent)
	if a.languages != "" {
		add("Accept-Language", a.languages)
	}
	if x.from != "" && !a.bare {
		if from, _ := url.Parse(x.from); from.Host != u.Host {
			x.from = "https://" + from.Host + "/"
		}
		add("Referer", x.from)
	}
	if jar := a.jar[u.Host]; len(jar) > 0 && !a.bare {
		var pairs []string
		for k, v := range jar {
			pairs = append(pairs, k+"="+v)
		}
		slices.Sort(pairs)
		add("Cookie", strings.Join(pairs, "; "))
	}
	if a.bearer != "" && !x.plain {
		add("Authorization", "Bearer "+a.bearer)
	}
	switch {
	case strings.HasPrefix(x.send, "{"):
		add("Content-Type", "application/json")
	case strings.HasPrefix(x.send, "<"):
		add("Content-Type", "text/xml")
	case x.send != "":
		add("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, h := range x.heads {
		name, value, _ := strings.Cut(h, ": ")
		add(name, value)
	}
	f.Response = &flow.Response{Status: cmp.Or(x.status, 200), Body: flow.NewBody([]byte(x.answer))}
	give := func(name, value string) {
		f.Response.Headers = append(f.Response.Headers, flow.Header{Name: name, Value: value})
	}
	if x.media != "" {
		give("Content-Type", x.media)
	}
	if x.kept {
		give("Cache-Control", "max-age=3600")
	}
	if x.leads != "" {
		f.Response.Status = cmp.Or(x.status, 302)
		give("Location", x.leads)
	}
	for _, c := range x.set {
		give("Set-Cookie", c+"; Path=/; HttpOnly")
		name, value, _ := strings.Cut(c, "=")
		if a.jar[u.Host] == nil {
			a.jar[u.Host] = map[string]string{}
		}
		if a.jar[u.Host][name] = value; value == "" {
			delete(a.jar[u.Host], name)
		}
	}
	for _, h := range x.gives {
		name, value, _ := strings.Cut(h, ": ")
		give(name, value)
	}
	a.flows = append(a.flows, f)
	a.who[f] = a.name
	return f
}

// page loads a page, with its assets that the actor does not have.
func (a *actor) page(x exchange, assets ...string) {
	x.media = "text/html; charset=utf-8"
	for _, at := range assets {
		x.answer += `<link rel="stylesheet" href="` + at + `">`
	}
	a.do(x)
	u, _ := url.Parse(x.url)
	var list []exchange
	for _, at := range assets {
		to, _ := u.Parse(at)
		list = append(list, exchange{url: to.String(), from: x.url, media: "text/css", answer: "p{}", kept: true, plain: true})
	}
	if len(list) > 0 {
		a.together(list...)
	}
}

// A way is how requests of the actors come to the recorder.
type way string

const (
	pooled  way = "pool" // over the few connections of a proxy
	lasting way = "nat"  // over connections of their own, from one address
	closing way = "once" // over a connection for each request, from one address
)

// record makes a recording of what actors do. It has the connections that they come over.
func record(w way, seed uint64, n int, span time.Duration, act func(a *actor, i int)) *tape {
	t := &tape{who: map[*flow.Flow]string{}, every: true}
	begin := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	for i := range n {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		a := &actor{
			name: fmt.Sprint(i), at: begin.Add(time.Duration(random.Float64() * float64(span))), random: random, slow: 1,
			agent: agents[random.IntN(3)], languages: languages[random.IntN(2)],
			jar: map[string]map[string]string{}, has: map[string]bool{}, who: t.who,
		}
		act(a, i)
		t.flows = append(t.flows, a.flows...)
	}
	slices.SortStableFunc(t.flows, func(x, y *flow.Flow) int { return x.Start.Compare(y.Start) })
	w.connect(t)
	return t
}

// connect gives flows their connections. The connection that was used last is used again.
func (w way) connect(t *tape) {
	type line struct {
		id   uint64
		busy time.Time
	}
	lines := map[string][]*line{}
	for i, f := range t.flows {
		f.Number = uint64(i)
		key := f.Request.Authority
		if w != pooled {
			key += " " + t.who[f]
		}
		var use *line
		if w != closing {
			for _, l := range lines[key] {
				if !l.busy.After(f.Start) && (use == nil || l.busy.After(use.busy)) {
					use = l
				}
			}
		}
		if use == nil {
			use = &line{id: uint64(len(t.kept) + 1)}
			lines[key] = append(lines[key], use)
			t.kept = append(t.kept, &flow.Conn{ID: use.id, Client: fmt.Sprintf("10.0.0.7:%d", 20000+len(t.kept)), Opened: f.Start})
		}
		use.busy = f.Start.Add(f.Done)
		f.Conn = use.id
	}
}
