package session_test

import (
	"encoding/base64"
	"fmt"
)

// unseen are kinds that no weight of the evidence and no bound of the search was chosen for.
var unseen = map[string]func(a *actor, i int){
	"a search whose address names it, and a cookie at the end": func(a *actor, i int) {
		const host = "https://trips.test"
		a.page(exchange{url: host + "/", answer: `<form action="/find" method=post><input name=to></form>`}, "/t.css", "/t.js")
		a.think(4)
		search := "/find/" + a.value(24)
		a.do(exchange{url: host + "/find", from: host + "/", send: fmt.Sprintf("to=city%d&nights=%d", a.random.IntN(8), 1+a.random.IntN(5)), leads: search})
		a.page(exchange{url: host + search, from: host + "/", answer: `<a href="` + search + `/1">1</a>`}, "/t.css", "/list.js")
		for range 2 + a.random.IntN(4) {
			a.think(5)
			hotel := fmt.Sprintf("%s/hotel/%d", host, a.random.IntN(30))
			a.page(exchange{url: hotel, from: host + search}, "/t.css", "/hotel.js", fmt.Sprintf("/pic/%d.jpg", a.random.IntN(30)))
			a.think(3)
			a.page(exchange{url: host + search, from: hotel}, "/t.css", "/list.js")
		}
		a.do(exchange{url: host + "/hold", from: host + search, send: fmt.Sprintf("hotel=%d&search=%s", a.random.IntN(30), search[6:]), leads: "/pay", set: []string{"hold=" + a.value(24)}})
		for _, step := range []string{"pay", "pay/guest", "pay/done"} {
			a.page(exchange{url: host + "/" + step, from: host + search}, "/t.css", "/pay.js")
			a.think(4)
		}
	},
	"a telephone number and a code": func(a *actor, i int) {
		const host = "https://ride.test"
		a.bare, a.languages, a.agent = true, []string{"en", "it"}[i%2], []string{"ride/5.1 (Android)", "ride/5.1 (iPhone)"}[a.random.IntN(2)]
		a.do(exchange{url: host + "/v2/boot", media: jsonType, answer: `{"min":5}`})
		a.do(exchange{url: host + "/v2/cities", media: jsonType, answer: `{"cities":[1,2]}`})
		a.think(4)
		request := a.value(22)
		a.do(exchange{url: host + "/v2/otp", send: fmt.Sprintf(`{"phone":"+4917%08d"}`, 10000000+i*7919), media: jsonType, answer: `{"request":"` + request + `","length":6}`})
		a.think(6)
		token := a.value(44)
		a.do(exchange{url: host + "/v2/otp/verify", send: fmt.Sprintf(`{"request":"%s","code":"%06d"}`, request, a.random.IntN(1000000)), media: jsonType, answer: `{"session":{"token":"` + token + `"}}`})
		a.bearer = token
		for range 5 + a.random.IntN(6) {
			a.do(exchange{url: fmt.Sprintf("%s/v2/near?lat=48.%d", host, a.random.IntN(90)), media: jsonType, answer: `{"cars":[]}`})
			a.think(2)
		}
	},
	"a challenge that a key signs": func(a *actor, i int) {
		const host = "https://keys.test"
		a.page(exchange{url: host + "/", answer: `<a href="/login">in</a>`}, "/k.css", "/k.js")
		a.think(3)
		a.page(exchange{url: host + "/login", from: host + "/"}, "/k.css", "/k.js", "/webauthn.js")
		a.think(3)
		challenge := a.value(43)
		a.do(exchange{url: host + "/login/begin", from: host + "/login", send: fmt.Sprintf(`{"name":"k%d"}`, i), media: jsonType, answer: `{"publicKey":{"challenge":"` + challenge + `","timeout":60000}}`})
		a.think(4)
		data := base64.RawURLEncoding.EncodeToString([]byte(`{"type":"webauthn.get","challenge":"` + challenge + `","origin":"https://keys.test"}`))
		a.do(exchange{url: host + "/login/finish", from: host + "/login", send: fmt.Sprintf(`{"id":"%s","response":{"clientDataJSON":"%s","signature":"%s"}}`, a.value(43), data, a.value(96)), media: jsonType, answer: `{"ok":true}`, set: []string{"kid=" + a.value(32)}})
		from := host + "/login"
		for range 4 + a.random.IntN(5) {
			at := fmt.Sprintf("%s/vault/%d", host, a.random.IntN(60))
			a.page(exchange{url: at, from: from}, "/k.css", "/vault.js")
			a.think(4)
			from = at
		}
	},
	"a state of the page in each form, and no cookie": func(a *actor, i int) {
		const host = "https://forms.test"
		state := a.value(60)
		show := func(step int, from, send string) {
			next := a.value(60)
			a.page(exchange{url: fmt.Sprintf("%s/permit/%d", host, step), from: from, send: send, answer: `<form method=post action="/permit/` + fmt.Sprint(step+1) + `"><input type=hidden name=ViewState value="` + next + `"><input name=field></form>`}, "/f.css", "/f.js")
			state = next
			a.think(5)
		}
		show(0, "", "")
		for step := range 4 + a.random.IntN(4) {
			show(step+1, fmt.Sprintf("%s/permit/%d", host, step), "ViewState="+state+fmt.Sprintf("&field=%d", a.random.IntN(9)))
		}
	},
	"pages that each lead to the next ones by a mark": func(a *actor, i int) {
		const host = "https://feed.test"
		a.bare, a.languages, a.agent = true, "", "reader/3"
		cursor, query := "", fmt.Sprintf("/api/posts?tag=t%d", a.random.IntN(5))
		for range 5 + a.random.IntN(8) {
			next := a.value(28)
			a.do(exchange{url: host + query + cursor, media: jsonType, answer: `{"posts":[1,2,3],"next":"` + next + `"}`})
			cursor = "&after=" + next
			a.think(2)
		}
	},
	"an application that draws its own, a key for the visitor in each request, and a login": func(a *actor, i int) {
		const host = "https://desk2.test"
		visitor := a.value(20)
		a.page(exchange{url: host + "/app"}, "/d/main.css", "/d/main.js", "/d/i18n.js")
		a.do(exchange{url: host + "/rpc", from: host + "/app", send: `{"jsonrpc":"2.0","id":1,"method":"hello","params":{}}`, media: jsonType, answer: `{"jsonrpc":"2.0","id":1,"result":{"visitor":"` + visitor + `"}}`})
		call := func(n int, method, params, answer string) {
			a.do(exchange{url: host + "/rpc", from: host + "/app", heads: []string{"X-Visitor: " + visitor}, send: fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"%s","params":{%s}}`, n, method, params), media: jsonType, answer: fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"result":%s}`, n, answer)})
		}
		call(2, "menu", "", `[1,2]`)
		a.think(3)
		call(3, "login", fmt.Sprintf(`"user":"d%d","password":"Ilex-%d"`, i, i), `{"ok":true}`)
		for k := range 5 + a.random.IntN(6) {
			call(4+k, []string{"list", "open", "save"}[a.random.IntN(3)], fmt.Sprintf(`"n":%d`, a.random.IntN(40)), `{"ok":true}`)
			a.think(2)
		}
	},
	"a payment at another host, and a cookie on the way back": func(a *actor, i int) {
		const shop, bank = "https://tickets.test", "https://bank.test"
		from := ""
		for range 2 + a.random.IntN(3) {
			at := fmt.Sprintf("%s/event/%d", shop, a.random.IntN(12))
			a.page(exchange{url: at, from: from, answer: `<form method=post action="/order"></form>`}, "/e.css", "/e.js", fmt.Sprintf("/poster/%d.jpg", a.random.IntN(12)))
			a.think(4)
			from = at
		}
		pay := a.value(30)
		a.do(exchange{url: shop + "/order", from: from, send: fmt.Sprintf("seats=%d", 1+a.random.IntN(4)), leads: bank + "/pay?t=" + pay})
		a.page(exchange{url: bank + "/pay?t=" + pay, from: shop + "/", answer: `<form method=post><input type=hidden name=t value="` + pay + `"><input name=card></form>`}, "/bank.css")
		a.think(8)
		back := a.value(30)
		a.do(exchange{url: bank + "/pay", from: bank + "/pay?t=" + pay, send: fmt.Sprintf("t=%s&card=4111%012d", pay, i*7919), leads: shop + "/done?ref=" + back})
		a.page(exchange{url: shop + "/done?ref=" + back, from: bank + "/", set: []string{"order=" + a.value(26)}}, "/e.css", "/done.js")
		for k := range 2 + a.random.IntN(3) {
			a.think(3)
			a.page(exchange{url: fmt.Sprintf("%s/ticket/%d", shop, k), from: shop + "/done"}, "/e.css", "/ticket.js")
		}
	},
	"programs whose calls name a session in the body": func(a *actor, i int) {
		a.bare, a.languages, a.agent = true, "", []string{"erp/9", "scan/2"}[i%2]
		call := func(action, body, answer string) {
			a.do(exchange{url: "https://soap.test/service", heads: []string{"SOAPAction: urn:" + action}, send: `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><` + action + `>` + body + `</` + action + `></s:Body></s:Envelope>`, media: "text/xml", answer: `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` + answer + `</s:Body></s:Envelope>`})
		}
		call("Version", "", "<Version>3</Version>")
		a.think(2)
		id := a.value(32)
		call("Open", fmt.Sprintf("<User>e%d</User><Password>Box-%d</Password>", i, i), "<SessionId>"+id+"</SessionId>")
		for range 5 + a.random.IntN(7) {
			call([]string{"Stock", "Move", "Count"}[a.random.IntN(3)], fmt.Sprintf("<SessionId>%s</SessionId><Item>%d</Item>", id, a.random.IntN(90)), "<Ok>1</Ok>")
			a.think(2)
		}
	},
	"a survey whose pages have no cookie until the last one": func(a *actor, i int) {
		const host = "https://survey.test"
		from := host + "/"
		a.page(exchange{url: from, answer: `<a href="/q/1">start</a>`}, "/q.css", "/q.js")
		for k := range 6 {
			a.think(4)
			at := fmt.Sprintf("%s/q/%d?a=%d", host, k+1, a.random.IntN(4))
			a.page(exchange{url: at, from: from}, "/q.css", "/q.js")
			from = at
		}
		a.think(3)
		a.do(exchange{url: host + "/finish", from: from, send: fmt.Sprintf("mail=s%d%%40x.test", i), leads: "/thanks", set: []string{"done=" + a.value(20)}})
		a.page(exchange{url: host + "/thanks", from: from}, "/q.css")
		a.think(3)
		a.page(exchange{url: host + "/result", from: host + "/thanks"}, "/q.css", "/chart.js")
	},
}
