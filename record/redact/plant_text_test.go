package redact

import (
	"encoding/base64"
	"html"
	"net/url"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// plantedLines stand in lines of text: of protocols, of configuration, of logs.
var plantedLines = []planted{
	{"header lines", someToken, answered("text/plain"), []string{"GET / HTTP/1.1\nAuthorization: Bearer §\n", "> Cookie: a=b; sess=§\n", "Set-Cookie: id=§; Path=/\n", "Proxy-Authorization: Basic §\n"}},
	{"header lines with short secrets", someWord, answered("text/plain"), []string{"Authorization: Bearer §\n", "Cookie: sid=§\n", "Authorization: Token §\n", "X-Api-Key: §\n"}},
	{"header lines in a page", someToken, answered(htmlType), []string{"<pre>Authorization: Bearer §\nHost: a</pre>", "<code>curl -H 'Authorization: token §' https://a</code>", "<pre>Cookie: a=§</pre>", "<pre>curl -H &quot;X-Api-Token: §&quot;</pre>"}},
	{"commands of protocols", someToken, inFrame, []string{"AUTH §", "AUTH ann §\r\n", "PASS §\r\n", "a1 LOGIN ann §\r\n"}},
	{"short commands of protocols", somePassword, inFrame, []string{"AUTH §\r\n", "USER ann\r\nPASS §\r\n", "auth:§", "LOGIN ann §"}},
	{"frames of STOMP and NATS", someWord, inFrame, []string{"CONNECT\nlogin:ann\npasscode:§\n\n\x00", `CONNECT {"user":"ann","pass":"§","verbose":false}` + "\r\n", `CONNECT {"auth_token":"§"}` + "\r\n", "STOMP\nAuthorization:Bearer §\n\n\x00"}},
	{"frames of socket libraries", someToken, inFrame, []string{`42["authenticate",{"token":"§"}]`, `40/chat,{"accessTokens":["§"]}`, `["1","1","room","phx_join",{"user_token":"§"}]`, `["{\"authToken\":\"§\"}"]`}},
	{"frames in JSON", someToken, inFrame, []string{`{"op":"auth","args":["§"]}`, `["auth","§"]`, `{"type":"connection_init","payload":{"Authorization":"Bearer §"}}`, `{"cmd":"login","params":{"pw":"§"}}`}},
	{"events", someToken, inEvent, []string{"data: {\"tokens\":[\"§\"]}", "event: auth\ndata: token=§", "data: Authorization: Bearer §", "data: {\"name\":\"password\",\ndata: \"value\":\"§\"}"}},
	{"bodies of events", someToken, answered("text/event-stream"), []string{"event: a\ndata: {\"apiKeys\":[\"§\"]}\n\n", "data: {\"a\":1,\ndata: \"secret\":\"§\"}\n\n", "data: AUTH §\n\n", "data: password is §\n\n"}},
	{"environment files", somePassword, answered("text/plain"), []string{"DB_PASSWORD=§\nA=1\n", "export SMTP_PASS='§'\n", "SECRET_KEY_BASE=\"§\"\n", "ADMIN_PW=§\n"}},
	{"configuration", someWord, answered("text/plain"), []string{"db.password=§\n", "[db]\npassword = §\n", "password = \"§\"\nport = 1\n", "spring.mail.pass: §\n"}},
	{"YAML", someWord, answered("application/yaml"), []string{"db:\n  password: §\n", "auth:\n  - name: password\n    value: §\n", "tokens:\n  - §\n", "client_secret: |\n  §\nx: 1\n"}},
	{"YAML of clusters", someToken, answered("application/yaml"), []string{"kind: Secret\ndata:\n  token: §\n", "users:\n- user:\n    client-key-data: §\n", "env:\n- name: API_TOKEN\n  value: \"§\"\n", "stringData:\n  db-password: §\n"}},
	{"command lines", somePassword, answered("text/plain"), []string{"mysqldump --password=§ shop\n", "login --user ann --password § --quiet\n", "curl -u ann:§ https://a.test/\n", "tool --api-key=§\n"}},
	{"files of tools", someToken, answered("text/plain"), []string{"machine a.test login ann password §\n", "//registry.test/:_authToken=§\n", "aws_secret_access_key = §\n", "[default]\ntoken=§\n"}},
	{"logs", someToken, answered("text/plain"), []string{"INFO login user=ann password=§ ok\n", "level=warn msg=\"denied\" api_key=§\n", "your password is § now\n", "token: §, user: ann\n"}},
	{"connection strings", somePassword, answered("text/plain"), []string{"Server=a;User Id=sa;Password=§;Encrypt=true\n", "postgres://ann:§@db.test/shop\n", "jdbc:mysql://db/shop?user=ann&password=§\n", "host=a user=b password=§ dbname=c\n"}},
	{"connection strings of clouds", someBase64, answered("text/plain"), []string{"AccountName=a;AccountKey=§;EndpointSuffix=x\n", "Endpoint=sb://a/;SharedAccessKeyName=r;SharedAccessKey=§\n", "redis://:§@cache.test:6379/0\n", "amqp://ann:§@mq.test/\n"}},
	{"SQL", somePassword, answered("text/plain"), []string{"CREATE USER ann IDENTIFIED BY '§';\n", "ALTER ROLE ann PASSWORD '§';\n", "INSERT INTO users (name, password) VALUES ('ann', '§');\n", "UPDATE u SET passwd='§' WHERE id=1;\n"}},
	{"URLs of authenticators", someUpper, answered("text/plain"), []string{"otpauth://totp/Shop:ann?secret=§&issuer=Shop\n", "<otpauth://hotp/x?issuer=a&secret=§>", "https://a.test/reset?key=1&reset_token=§\n", "https://a.test/verify?otp=§ \n"}},
	{"seed phrases in text", somePhrase, answered("text/plain"), []string{"Your recovery phrase is: §\n", "seed phrase: §\n", "mnemonic=\"§\"\n", "Seed Phrase:\n§\n"}},
	{"seed phrases in a page", somePhrase, answered(htmlType), []string{"<p>Seed phrase: <b>§</b></p>", "<tr><th>Recovery phrase</th><td>§</td></tr>", `<div data-mnemonic="§">`, "<script>var mnemonic='§'</script>"}},
}

// plantedCode stand in code, or behind escapes.
var plantedCode = []planted{
	{"variables", someToken, answered("text/javascript"), []string{"var apiKeys=['§'];", "const accessTokenNew = `§`;", "let cfg={clientSecrets:['§']};", "window.SESSION_TOKEN_2=\"§\""}},
	{"short variables", somePassword, answered("text/javascript"), []string{"var password='§';", "x={pw:'§'};", "o.userPwd = \"§\";", "const PASS=\"§\""}},
	{"calls", someToken, answered("text/javascript"), []string{"localStorage.setItem('authToken','§')", "x.setRequestHeader(\"X-Api-Key\", \"§\")", "h.set('Authorization','Bearer §')", "headers.append(\"Cookie\",\"sid=§\")"}},
	{"cookies of scripts", someToken, answered("text/javascript"), []string{"document.cookie=\"sid=§; path=/\"", "document.cookie='auth=§'", "Cookies.set('session_token','§')", "setCookie(\"PHPSESSID\",\"§\",1)"}},
	{"scripts in a page", someToken, answered(htmlType), []string{"<script>var t={\"csrfTokens\":[\"§\"]}</script>", "<script type=application/json>{\"user\":{\"apiKeys\":[\"§\"]}}</script>", "<script>gon.push({authenticity_token:'§'})</script>", "<a onclick=\"go({token:'§'})\">"}},
	{"callbacks and guards", someToken, answered("application/javascript"), []string{"cb({\"tokens\":[\"§\"]});", ")]}'\n{\"secrets\":[\"§\"]}", "while(1);{\"apiKeys\":\"§\"}", "/**/cb([{\"name\":\"token\",\"value\":\"§\"}])"}},
	{"JSON in a literal", someToken, answered("text/javascript"), []string{`JSON.parse("{\"accessTokens\":[\"§\"]}")`, `JSON.parse('{"api_key_2":"§"}')`, `x=JSON.parse(decodeURIComponent("%7B%22token%22%3A%22§%22%7D"))`, `x='{\x22token\x22:\x22§\x22}'`}},
	{"escapes of scripts", someToken, encoded(escapedAll, answered("text/javascript")), []string{`x={token:"§"}`, `var apiKeys=["§"]`, `{"pair":{"name":"password","value":"§"}}`, `login({"pw":'§'})`}},
	{"short escapes of scripts", someToken, encoded(hexEscapes, answered("text/javascript")), []string{`x={token:"§"}`, `var secret="§"`, `o["apiKey"]="§"`, `f({password:'§'})`}},
	{"escapes in braces", someToken, encoded(bracedAll, answered("text/javascript")), []string{`x={token:"§"}`, `var secret="§"`, `o["apiKey"]="§"`, `f({password:'§'})`}},
	{"escaped slashes and signs", someBase64, encoded(func(s string) string { return strings.NewReplacer("/", `\/`, "+", `\u002b`).Replace(s) }, answered(htmlType)),
		[]string{`<script>var c={"csrfToken":"§"}</script>`, `<script>c.secretKeys=["§"]</script>`, `<script type=application/json>{"tokens":["§"]}</script>`, `<div data-x='{"apiKey":"§"}'>`}},
	{"entities", someToken, encoded(entitiesAll, answered(htmlType)), []string{`<input name=token value="§">`, `<tr><th>Password</th><td>§</td></tr>`, `<meta name="csrf-token" content='§'>`, `<p>token: §</p>`}},
	{"JSON in attributes", someToken, encoded(html.EscapeString, answered(htmlType)), []string{`<div data-x="{&quot;apiKeys&quot;:[&quot;§&quot;]}">`, `<div x-data="{ token: &#39;§&#39; }">`, `<div v-bind:user="{&quot;passwordNew&quot;:&quot;§&quot;}">`, `<a onclick='x("{&quot;secrets&quot;:{&quot;a&quot;:&quot;§&quot;}}")'>`}},
	{"percent-encoded twice", someBase64, encoded(func(s string) string { return url.QueryEscape(url.QueryEscape(s)) }, func(text, s string) []*flow.Flow { return one(get(filled(text, s))) }),
		[]string{`/x?next=%2Fcb%3Ftoken%3D§`, `/x?u=%2Fa%3Fapi_key%3D§%26b%3D1`, `/x?r=%2Fa%3Fsecret%3D§`, `/x?to=https%3A%2F%2Fa%2F%3Fstate%3D§`}},
	{"JSON in JSON in JSON", someBase64, encoded(func(s string) string { return strings.Trim(quoted(s), `"`) }, answered(jsonType)),
		[]string{`{"a":"{\"b\":\"{\\\"apiKeys\\\":[\\\"§\\\"]}\"}"}`, `{"a":"[{\"name\":\"token\",\"value\":\"§\"}]"}`, `{"log":"Authorization: Bearer §"}`, `{"html":"<input name=token value='§'>"}`}},
	{"JSON in base64", someToken, func(text, s string) []*flow.Flow {
		return answered(jsonType)(`{"blob":"§"}`, base64.StdEncoding.EncodeToString([]byte(filled(text, s))))
	}, []string{`{"apiKeys":["§"]}`, `[{"name":"password","value":"§"}]`, "DB_PASSWORD=§\nX=1\n", `{"a":{"state":"x","client_secrets":["§"]}}`}},
	{"lines of JSON", someWord, answered("application/x-ndjson"), []string{"{\"a\":1}\n{\"passwords\":[\"§\"]}\n", "{\"name\":\"password\",\"value\":\"§\"}\n{}\n", "{\"dbPasswordNew\":\"§\"}\n{\"a\":2}\n", "1\n{\"pw\":\"§\"}\n"}},
	{"literals of JSON", someToken, answered(jsonType), []string{`"Authorization: Bearer §"`, `"token=§"`, `"https://a/?sess_token=§"`, `"{\"apiKeys\":[\"§\"]}"`}},
	{"loose JSON", someWord, answered("text/plain"), []string{"{password: '§'}", "{ 'passwd' : '§' }", "{\"password\" => \"§\"}", "Array\n(\n    [password] => §\n)\n"}},
	{"objects of other languages", someWord, answered("text/plain"), []string{"User(name='ann', password='§')", `a:1:{s:8:"password";s:11:"§";}`, "{u'password': u'§'}", `%{password: "§"}`}},
	{"JSON under another type", someWord, answered("text/html"), []string{`{"passwordNew":"§"}`, `[{"name":"password","value":"§"}]`, `{"userPasswords":["§"]}`, `{"a":{"pw":"§"}}`}},
	{"a form under another type", someWord, posted("text/plain"), []string{"user=ann&password=§", "user=ann&pw=§&x=1", "a=b&userPwdNew=§", "passwd2=§&a=1"}},
	{"JSON under the type of a form", someWord, posted(formType), []string{`{"passwordNew":"§"}`, `{"a":{"pw":"§"}}`, `[{"name":"password","value":"§"}]`, `{"пароль":"§"}`}},
}

// encoded gives the secret to a carrier in an encoding.
func encoded(encode func(string) string, carry func(text, secret string) []*flow.Flow) func(text, secret string) []*flow.Flow {
	return func(text, secret string) []*flow.Flow { return carry(text, encode(secret)) }
}
