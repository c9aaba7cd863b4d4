package session_test

import "fmt"

// others are kinds that no weight of the evidence was chosen for.
var others = map[string]func(a *actor, i int){
	"a token of a form in a cookie of the form's page": func(a *actor, i int) {
		const host = "https://desk.test"
		a.page(exchange{url: host + "/", answer: `<a href="/tickets/">all</a>`}, "/static/base.css")
		a.think(1.5)
		for range a.random.IntN(3) {
			a.page(exchange{url: fmt.Sprintf("%s/help/%d/", host, a.random.IntN(12)), from: host + "/"}, "/static/base.css", "/static/help.js")
			a.think(4)
		}
		csrf, hidden := a.value(32), a.value(64)
		a.page(exchange{url: host + "/accounts/login/?next=/tickets/", from: host + "/", set: []string{"csrftoken=" + csrf}, answer: `<form method=post><input type=hidden name=csrfmiddlewaretoken value=` + hidden + `><input name=username><input type=password name=password></form>`}, "/static/base.css")
		a.think(4)
		a.do(exchange{url: host + "/accounts/login/?next=/tickets/", from: host + "/accounts/login/?next=/tickets/", send: fmt.Sprintf("csrfmiddlewaretoken=%s&username=agent%d&password=Oak-%d", hidden, i, i), leads: "/tickets/", set: []string{"sessionid=" + a.value(32), "csrftoken=" + a.value(32)}})
		a.page(exchange{url: host + "/tickets/", from: host + "/accounts/login/?next=/tickets/"}, "/static/base.css", "/static/list.js")
		for range 3 + a.random.IntN(5) {
			a.think(3)
			a.page(exchange{url: fmt.Sprintf("%s/tickets/%d/", host, a.random.IntN(300)), from: host + "/tickets/"}, "/static/base.css", "/static/ticket.js")
		}
		a.do(exchange{url: host + "/accounts/logout/", from: host + "/tickets/", send: "csrfmiddlewaretoken=" + a.value(64), leads: "/", set: []string{"sessionid="}})
		a.page(exchange{url: host + "/", from: host + "/tickets/", answer: `<a href="/tickets/">all</a>`}, "/static/base.css")
	},
	"a blog whose test cookie is equal for all": func(a *actor, i int) {
		const host = "https://blog.test"
		from := host + "/"
		a.page(exchange{url: from}, "/wp/style.css", "/wp/emoji.js", "/up/head.jpg")
		for range 2 + a.random.IntN(4) {
			a.think(5)
			at := fmt.Sprintf("%s/2026/%02d/post-%d/", host, 1+a.random.IntN(4), a.random.IntN(25))
			a.page(exchange{url: at, from: from}, "/wp/style.css", "/wp/comment.js", fmt.Sprintf("/up/%d-a.jpg", a.random.IntN(25)), fmt.Sprintf("/up/%d-b.jpg", a.random.IntN(25)))
			from = at
		}
		a.page(exchange{url: host + "/wp-login.php", from: from, set: []string{"wordpress_test_cookie=WP%20Cookie%20check"}, answer: `<form method=post><input name=log><input type=password name=pwd></form>`}, "/wp/login.css")
		a.think(4)
		a.do(exchange{url: host + "/wp-login.php", from: host + "/wp-login.php", send: fmt.Sprintf("log=author%d&pwd=Elm-%d", i, i), leads: "/wp-admin/", set: []string{fmt.Sprintf("wordpress_logged_in_5c0=author%d%%7C%d%%7C%s", i, 1790000000+i, a.value(43))}})
		for k := range 3 + a.random.IntN(4) {
			a.page(exchange{url: fmt.Sprintf("%s/wp-admin/?p=%d", host, k), from: host + "/wp-login.php"}, "/wp/admin.css", "/wp/admin.js")
			a.together(exchange{url: host + "/wp-admin/admin-ajax.php", from: host + "/wp-admin/", send: "action=heartbeat", media: jsonType, answer: `{}`})
			a.think(5)
		}
	},
	"data that a framework fetches ahead, and a token of JSON for the login": func(a *actor, i int) {
		const host = "https://next.test"
		a.page(exchange{url: host + "/"}, "/_next/a.css", "/_next/main.js")
		a.together(exchange{url: host + "/_next/data/b1/pricing.json", from: host + "/", media: jsonType, answer: `{"p":1}`, kept: true}, exchange{url: host + "/_next/data/b1/docs.json", from: host + "/", media: jsonType, answer: `{"p":2}`, kept: true})
		a.think(3)
		a.do(exchange{url: host + "/_next/data/b1/login.json", from: host + "/", media: jsonType, answer: `{"p":3}`})
		csrf := a.value(64)
		a.do(exchange{url: host + "/api/auth/csrf", from: host + "/login", media: jsonType, answer: `{"csrfToken":"` + csrf + `"}`, set: []string{"next-auth.csrf-token=" + csrf + "%7C" + a.value(64)}})
		a.think(4)
		a.do(exchange{url: host + "/api/auth/callback/credentials", from: host + "/login", send: fmt.Sprintf("csrfToken=%s&email=u%d%%40x.test&password=Ash-%d&json=true", csrf, i, i), media: jsonType, answer: `{"url":"/app"}`, set: []string{"next-auth.session-token=" + a.value(80)}})
		for range 4 + a.random.IntN(5) {
			a.together(exchange{url: host + "/api/auth/session", from: host + "/app", media: jsonType, answer: `{"ok":1}`}, exchange{url: fmt.Sprintf("%s/api/projects/%d", host, a.random.IntN(40)), from: host + "/app", media: jsonType, answer: `{"ok":1}`})
			a.think(3)
		}
	},
	"queries of a graph before and after the login": func(a *actor, i int) {
		const host = "https://graph.test"
		query := func(name, variables, answer string) {
			a.do(exchange{url: host + "/graphql", from: host + "/", send: `{"operationName":"` + name + `","variables":{` + variables + `},"query":"query ` + name + `{x}"}`, media: jsonType, answer: `{"data":` + answer + `}`})
		}
		a.page(exchange{url: host + "/"}, "/app.css", "/app.js", "/vendor.js")
		query("Settings", "", `{"a":1}`)
		query("Feed", `"first":20`, `{"b":[1,2]}`)
		for range a.random.IntN(3) {
			a.think(2)
			query("Post", fmt.Sprintf(`"n":%d`, a.random.IntN(30)), `{"c":1}`)
		}
		a.think(3)
		t := a.token(fmt.Sprintf(`"sub":"user-%d","iss":"graph"`, i))
		query("Login", fmt.Sprintf(`"email":"g%d@x.test","password":"Fir-%d"`, i, i), `{"login":{"token":"`+t+`"}}`)
		a.bearer = t
		for range 4 + a.random.IntN(4) {
			query("Me", "", `{"me":1}`)
			query("Feed", `"first":20`, `{"b":[1,2]}`)
			a.think(3)
		}
	},
	"a code for a device, asked for until it is granted": func(a *actor, i int) {
		a.bare, a.languages, a.agent = true, "", []string{"tv/9", "stick/4"}[i%2]
		device := a.value(40)
		a.do(exchange{url: "https://tv.test/device", send: "client_id=tv", media: jsonType, answer: `{"device_code":"` + device + `","user_code":"` + a.value(8) + `","interval":2}`})
		for range 1 + a.random.IntN(3) {
			a.think(2)
			a.do(exchange{url: "https://tv.test/token", send: "client_id=tv&device_code=" + device, status: 400, media: jsonType, answer: `{"error":"authorization_pending"}`})
		}
		a.think(2)
		access, refresh := a.value(36), a.value(36)
		a.do(exchange{url: "https://tv.test/token", send: "client_id=tv&device_code=" + device, media: jsonType, answer: `{"access_token":"` + access + `","refresh_token":"` + refresh + `"}`})
		a.bearer = access
		for range 5 + a.random.IntN(5) {
			a.do(exchange{url: fmt.Sprint("https://tv.test/shows/", a.random.IntN(40)), media: jsonType, answer: `{"s":1}`})
			a.think(2)
		}
		next := a.value(36)
		a.do(exchange{url: "https://tv.test/token", plain: true, send: "client_id=tv&refresh_token=" + refresh, media: jsonType, answer: `{"access_token":"` + next + `"}`})
		a.bearer = next
		a.do(exchange{url: "https://tv.test/shows/1", media: jsonType, answer: `{"s":1}`})
	},
	"a service of identities, and tokens with a subject": func(a *actor, i int) {
		const app, id, api = "https://chat.test", "https://identity.test", "https://db.test"
		a.page(exchange{url: app + "/"}, "/c.css", "/c.js")
		a.think(4)
		refresh := a.value(50)
		give := func() string {
			a.bearer = a.token(fmt.Sprintf(`"sub":"%s","iss":"https://identity.test/p"`, fmt.Sprintf("Uid%08dxyz", i*7919)))
			return a.bearer
		}
		give()
		a.do(exchange{url: id + "/v1/accounts:signIn?key=AIzaSyB3x9Qw7Lk2", from: app + "/", plain: true, send: fmt.Sprintf(`{"email":"c%d@x.test","password":"Yew-%d"}`, i, i), media: jsonType, answer: `{"idToken":"` + a.bearer + `","refreshToken":"` + refresh + `"}`})
		for range 2 {
			for range 3 + a.random.IntN(3) {
				a.do(exchange{url: fmt.Sprint(api, "/rooms/", a.random.IntN(9)), from: app + "/", media: jsonType, answer: `{"ok":1}`})
				a.think(3)
			}
			give()
			a.do(exchange{url: id + "/v1/token?key=AIzaSyB3x9Qw7Lk2", from: app + "/", plain: true, send: "grant_type=refresh_token&refresh_token=" + refresh, media: jsonType, answer: `{"id_token":"` + a.bearer + `","refresh_token":"` + refresh + `"}`})
		}
	},
	"a basket that is a cookie after many pages": func(a *actor, i int) {
		const host = "https://mart.test"
		from := host + "/"
		a.page(exchange{url: from}, "/m.css", "/m.js")
		for k := range 3 + a.random.IntN(6) {
			a.think(3)
			at := fmt.Sprintf("%s/c/%d?page=%d", host, a.random.IntN(6), k)
			if k%2 == 1 {
				at = fmt.Sprintf("%s/p/%d", host, a.random.IntN(60))
			}
			a.page(exchange{url: at, from: from}, "/m.css", "/m.js", fmt.Sprintf("/t/%d.webp", a.random.IntN(60)), fmt.Sprintf("/t/%d.webp", a.random.IntN(60)))
			from = at
		}
		a.do(exchange{url: host + "/basket/add", from: from, send: fmt.Sprintf("sku=%d", a.random.IntN(60)), leads: "/basket", set: []string{"basket=" + a.value(22)}})
		a.page(exchange{url: host + "/basket", from: from}, "/m.css", "/m.js", "/basket.js")
		a.think(3)
		for _, step := range []string{"address", "payment", "done"} {
			a.page(exchange{url: host + "/checkout/" + step, from: host + "/basket"}, "/m.css", "/checkout.js")
			a.think(5)
		}
	},
	"an answer that a form carries from one host to another": func(a *actor, i int) {
		const app, idp = "https://hr.test", "https://sso.test"
		request, relay, answer := a.value(120), a.value(16), a.value(400)
		a.do(exchange{url: app + "/", leads: idp + "/saml?SAMLRequest=" + request + "&RelayState=" + relay})
		a.page(exchange{url: idp + "/saml?SAMLRequest=" + request + "&RelayState=" + relay, answer: `<form method=post action="/auth"><input type=hidden name=RelayState value="` + relay + `"><input name=user><input type=password name=pass></form>`, set: []string{"sso_pre=" + a.value(20)}}, "/sso.css")
		a.think(4)
		a.page(exchange{url: idp + "/auth", from: idp + "/saml", send: fmt.Sprintf("RelayState=%s&user=e%d&pass=Bay-%d", relay, i, i), set: []string{"sso=" + a.value(30)}, answer: `<form method=post action="https://hr.test/acs"><input type=hidden name=SAMLResponse value="` + answer + `"><input type=hidden name=RelayState value="` + relay + `"></form>`})
		a.do(exchange{url: app + "/acs", from: idp + "/", send: "SAMLResponse=" + answer + "&RelayState=" + relay, leads: "/home", set: []string{"JSESSIONID=" + a.value(32)}})
		a.page(exchange{url: app + "/home", from: idp + "/"}, "/hr.css", "/hr.js")
		for range 4 + a.random.IntN(4) {
			a.think(3)
			a.page(exchange{url: fmt.Sprintf("%s/staff/%d", app, a.random.IntN(50)), from: app + "/home"}, "/hr.css", "/hr.js")
		}
	},
	"an id of the session that the client makes": func(a *actor, i int) {
		const host = "https://shopapp.test"
		id := "X-Session-Id: " + a.value(36)
		a.page(exchange{url: host + "/"}, "/s.css", "/s.js")
		for range 5 + a.random.IntN(6) {
			k := a.random.IntN(30)
			a.together(exchange{url: fmt.Sprintf("%s/api/list/%d", host, k), from: host + "/", heads: []string{id}, media: jsonType, answer: `{"l":1}`}, exchange{url: fmt.Sprintf("%s/pic/%d.avif", host, k), from: host + "/", media: "image/avif", answer: "p", kept: true},
				exchange{url: host + "/beacon", from: host + "/", send: `{"e":"view"}`, status: 204})
			a.think(3)
		}
	},
	"readers of documents, half of whom have one program": func(a *actor, i int) {
		const host = "https://docs.test"
		if i%2 == 0 {
			a.agent, a.languages = "Chrome/140.0", "en-US"
		}
		from := ""
		for k := range 4 + a.random.IntN(8) {
			at := fmt.Sprintf("%s/guide/%d.html", host, a.random.IntN(45))
			if k > 0 && a.random.IntN(6) == 0 {
				from = "" // typed
			}
			a.page(exchange{url: at, from: from}, "/d.css", "/search.js", fmt.Sprintf("/fig/%d.svg", a.random.IntN(45)))
			a.think(6)
			from = at
		}
	},
	"credentials in each request": func(a *actor, i int) {
		a.bare, a.languages, a.agent = true, "", "curl/8.5.0"
		for range 6 + a.random.IntN(8) {
			a.do(exchange{url: fmt.Sprint("https://repo.test/v2/blob/", a.random.IntN(99)), heads: []string{"Authorization: Bearer glpat-" + fmt.Sprintf("%020x", uint64(i+1)*0x9E3779B97F4A7C15)}, media: jsonType, answer: `{}`})
			a.think(1)
		}
	},
	"a challenge with a nonce": func(a *actor, i int) {
		a.bare, a.languages, a.agent = true, "", []string{"dav/1", "dav/2", "files/3"}[i%3]
		nonce := a.value(32)
		a.do(exchange{url: "https://files.test/dav/", method: "PROPFIND", status: 401, gives: []string{`WWW-Authenticate: Digest realm="f", nonce="` + nonce + `", qop="auth"`}})
		for k := range 5 + a.random.IntN(6) {
			a.do(exchange{url: fmt.Sprintf("https://files.test/dav/%d.txt", a.random.IntN(40)), heads: []string{fmt.Sprintf(`Authorization: Digest username="f%d", realm="f", nonce="%s", nc=%08d, cnonce="%s", response="%s"`, i, nonce, k, a.value(8), a.value(32))}, media: "text/plain", answer: "x"})
			a.think(2)
		}
	},
}
