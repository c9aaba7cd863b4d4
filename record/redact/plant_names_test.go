package redact

import (
	"fmt"
	"net/url"

	"github.com/starling-load/starling/record/flow"
)

// plantedNames stand under a name of their own.
var plantedNames = []planted{
	{"plural names", someToken, answered(jsonType), []string{`{"apiKeys":["§"]}`, `{"access_tokens":["§"],"n":1}`, `{"secrets":{"a":"§"}}`, `{"refreshTokens":"§"}`}},
	{"plural names of what people know", somePassword, posted(jsonType), []string{`{"passwords":["§"]}`, `{"passphrases":["§"]}`, `{"pins":["§"]}`, `{"pass_codes":["§"]}`}},
	{"maps of secrets", someWord, answered(jsonType), []string{`{"client_secrets":{"shop":"§"}}`, `{"passwords":{"ann":"§"}}`, `{"api_keys":{"live":"§"}}`, `{"userPasswords":{"ann":"§","bob":""}}`}},
	{"compound names", someWord, answered(jsonType), []string{`{"dbPasswordNew":"§"}`, `{"smtp_pass_old":"§"}`, `{"userPwdConfirm":"§"}`, `{"ftpPass2":"§"}`}},
	{"abbreviated names", somePassword, inForm, []string{`user=ann&pw=§`, `login=ann&psw=§`, `l=ann&passwrd=§`, `u=ann&new_pw=§&x=1`}},
	{"names with a number", someToken, answered(jsonType), []string{`{"apiKey1":"§"}`, `{"token_v2":"§"}`, `{"secret2":"§"}`, `{"access_key_2":"§"}`}},
	{"names with a word behind", someToken, answered(jsonType), []string{`{"tokenValue":"§"}`, `{"apiKeyLive":"§"}`, `{"secretString":"§"}`, `{"accessTokenRaw":"§"}`}},
	{"names of keys", someHex, answered(jsonType), []string{`{"masterKey":"§"}`, `{"hmac_key":"§"}`, `{"consumerKey":"§"}`, `{"application_key":"§"}`}},
	{"names of private keys", someBase64, answered(jsonType), []string{`{"privKey":"§"}`, `{"private_key_pem":"§"}`, `{"encKey":"§"}`, `{"wg_private":{"private_key":"§"}}`}},
	{"names in Romance languages", someWord, posted(jsonType), []string{`{"contraseña":"§"}`, `{"senha":"§"}`, `{"parola":"§"}`, `{"mot_de_passe":"§"}`}},
	{"names in Germanic languages", someWord, inForm, []string{`u=ann&kennwort=§`, `u=ann&wachtwoord=§`, `u=ann&lösenord=§`, `u=ann&adgangskode=§`}},
	{"names in Slavic languages", someWord, posted(jsonType), []string{`{"пароль":"§"}`, `{"hasło":"§"}`, `{"heslo":"§"}`, `{"lozinka":"§"}`}},
	{"names in East Asian languages", someWord, posted(jsonType), []string{`{"密码":"§"}`, `{"パスワード":"§"}`, `{"비밀번호":"§"}`, `{"密碼":"§"}`}},
	{"names in other languages", someWord, posted(jsonType), []string{`{"şifre":"§"}`, `{"κωδικός":"§"}`, `{"كلمة المرور":"§"}`, `{"mật khẩu":"§"}`}},
	{"names beyond ASCII in a form", someWord, inForm, []string{`u=1&` + url.QueryEscape("пароль") + `=§`, url.QueryEscape("contraseña") + `=§&b=1`, url.QueryEscape("密码") + `=§`, url.QueryEscape("mật khẩu") + `=§`}},
	{"names written with escapes", someWord, posted(jsonType), []string{`{"\u043f\u0430\u0440\u043e\u043b\u044c":"§"}`, `{"contrase\u00f1a":"§"}`, `{"\u5bc6\u7801":"§"}`, `{"pass\u0077ord":"§"}`}},
	{"names beyond ASCII in text", somePassword, answered("text/plain"), []string{"пароль: §\n", "contraseña=§\n", "密码：§\n", "Hasło: §\n"}},
	{"names in other letters of ASCII", someToken, inHeader, []string{"X-API-KEYS: §", "X-Auth-User-Pw: §", "Api_Secret_V2: §", "X-Client-Credentials: §"}},
	{"values of credentials", someWord, posted(jsonType), []string{`{"credentials":{"value":"§"}}`, `{"credentials":[{"type":"password","value":"§"}]}`, `{"credential":{"kind":"password","data":"§"}}`, `{"credentials":{"user":"ann","secretData":{"value":"§"}}}`}},
	{"one-time codes", someUpper, posted(jsonType), []string{`{"otpValue":"§"}`, `{"backup_codes":["§"]}`, `{"recoveryCode":"§"}`, `{"mfa":{"totpCode":"§"}}`}},
	{"codes of digits", func(c canaries) string { return "8" + c.chars(digits, 7) }, posted(jsonType), []string{`{"otp":"§"}`, `{"verification_code":"§"}`, `{"one_time_code":"§"}`, `{"smsCode":§}`}},
	{"seed phrases", somePhrase, posted(jsonType), []string{`{"mnemonic":"§"}`, `{"seedPhrase":"§"}`, `{"recovery_phrase":"§"}`, `{"wallet":{"secret_words":"§"}}`}},
	{"state of OAuth", someToken, inTarget, []string{`/oauth/authorize?client_id=a&state=§`, `/cb?code_challenge=§`, `/cb?scope=a&nonce=§`, `/login?oauth_state=§&x=1`}},
	{"state of OAuth in an answer", someToken, inAnswerHeader, []string{"Location: https://id.test/authorize?client_id=a&state=§&x=1", "Location: /cb?x=1&state=§", "Location: https://id.test/a#state=§", "Refresh: 0; url=/cb?state=§"}},
	{"codes of OAuth", someToken, inTarget, []string{`/cb?code=§&scope=a`, `/device?device_code=§`, `/logout?id_token_hint=§`, `/cas?ticket=ST-1-§`}},
	{"client assertions", someToken, inForm, []string{`grant_type=x&assertion=§`, `client_assertion=§&a=1`, `subject_token=§`, `actor_token=§&b=2`}},
	{"signed URLs", someHex, inTarget, []string{`/f?X-Amz-Algorithm=a&X-Amz-Signature=§`, `/f?sv=2020&sig=§`, `/f?Expires=1&Signature=§&Key-Pair-Id=K1`, `/f?X-Goog-Signature=§`}},
	{"brackets in names", someToken, inTarget, []string{`/x?auth[token]=§`, `/x?filter[apiKey]=§&a=1`, `/x?token[]=§`, `/x?user%5Bsecret%5D=§`}},
	{"JSON in a query", someToken, inTarget, []string{`/x?q=%7B%22token%22%3A%22§%22%7D`, `/x?v=%5B%7B%22apiKeys%22%3A%5B%22§%22%5D%7D%5D`, `/x?d=%7B%22a%22%3A%7B%22secret%22%3A%22§%22%7D%7D`, `/x?f=%7B%22headers%22%3A%7B%22Authorization%22%3A%22Bearer+§%22%7D%7D`}},
	{"parameters in a path", someToken, inTarget, []string{`/a;token=§/b`, `/a;access_token=§?x=1`, `/a;sid=§`, `/a/token=§/b`}},
	{"names of segments in a path", someToken, inTarget, []string{`/api/token/§/items`, `/unsubscribe/§`, `/magic-link/§`, `/hooks/secret/§`}},
	{"headers that few send", someToken, inHeader, []string{"Authentication: Bearer §", "X-Session: §", "X-Forwarded-Access-Token: §", "X-Original-Cookie: a=b; sid=§"}},
	{"headers with parameters", someToken, inHeader, []string{`X-WSSE: UsernameToken Username="ann", PasswordDigest="§", Created="x"`, `X-Debug: password=§`, `Link: </a?token=§>; rel=next`, `Authorization: SSWS §`}},
	{"challenges", someHex, inAnswerHeader, []string{`WWW-Authenticate: Digest realm="a", nonce="§", qop="auth"`, `Authentication-Info: nextnonce="§"`, `Proxy-Authenticate: Digest realm="a", opaque="§", nonce="§"`, `WWW-Authenticate: Hawk ts="1", tsm="§"`}},
	{"cookies under odd names", someWord, inHeader, []string{"Cookie: x=§", "Cookie: a=1; remember=§", "Cookie: lang=en; r_me=§", "Cookie: _u=§; b=2"}},
	{"tokens of protocols of WebSockets", someToken, inHeader, []string{"Sec-WebSocket-Protocol: access_token, §", "Sec-WebSocket-Protocol: v1.chat, auth-§", "Sec-WebSocket-Protocol: soap, Bearer.§", "Sec-WebSocket-Protocol: §"}},
	{"deep JSON", someWord, answered(jsonType), []string{`[[[{"a":[{"b":{"c":[{"userPassword":"§"}]}}]}]]]`, `{"a":{"passwd":{"current":"§"}}}`, `{"config":{"db":{"pass":"§"}}}`, `{"x":[{"y":"{\"z\":\"{\\\"login_pw\\\":\\\"§\\\"}\"}"}]}`}},
	{"GraphQL", somePassword, posted(jsonType), []string{`{"query":"mutation{login(email:\"a\",password:\"§\"){id}}"}`, `{"variables":{"input":{"pw":"§"}}}`, `{"query":"mutation { signUp(userPassword: \"§\") }"}`, `{"variables":{"newPw":"§"},"query":"mutation($newPw:String!){x}"}`}},
	{"GraphQL as text", somePassword, posted("application/graphql"), []string{`mutation { login(name: "a", pass: "§") { id } }`, `mutation { setPw(pw: "§") }`, "mutation {\n a(apiSecret: \"§\")\n}", `{ login(passcode: "§") }`}},
	{"multipart fields", somePassword, inMultipart, []string{
		"--zz\nContent-Disposition: form-data; name=pwd\n\n§\n--zz--\n", "--zz\nContent-Disposition: form-data; name=\"user[pw]\"\n\n§\n--zz--\n",
		"--zz\nContent-Disposition: form-data; name=\"пароль\"\n\n§\n--zz--\n", "--zz\nContent-Disposition: form-data; name=\"apiSecrets\"\nContent-Type: text/plain\n\n§\n--zz--\n"}},
	{"files of a multipart form", someToken, inMultipart, []string{
		"--zz\nContent-Disposition: form-data; name=f; filename=\".env\"\n\nA=1\nDB_PASSWORD=§\n--zz--\n", "--zz\nContent-Disposition: form-data; name=f; filename=a.json\nContent-Type: application/octet-stream\n\n{\"tokens\":[\"§\"]}\n--zz--\n",
		"--zz\nContent-Disposition: form-data; name=f; filename=u.csv\nContent-Type: text/csv\n\nname,api_key\nann,§\n--zz--\n", "--zz\nContent-Disposition: form-data; name=f; filename=\"x?token=§\"\n\nx\n--zz--\n"}},
	{"a batch of requests", someToken, func(text, secret string) []*flow.Flow {
		return one(post(get("/batch"), "multipart/mixed; boundary=zz", "--zz\r\nContent-Type: application/http\r\n\r\n"+filled(text, secret)+"\r\n--zz--\r\n"))
	}, []string{"GET /a HTTP/1.1\r\nAuthorization: Bearer §\r\n", "GET /a HTTP/1.1\r\nHost: a\r\nCookie: sid=§; a=b\r\n", "POST /a HTTP/1.1\r\nX-Api-Keys: §\r\n\r\n{}", "HTTP/1.1 200 OK\r\nSet-Cookie: s=§; Path=/\r\n\r\n"}},
}

// plantedPairs stand beside a name, in another value.
var plantedPairs = []planted{
	{"pairs of name and value", someWord, answered(jsonType), []string{`[{"name":"password","value":"§"}]`, `{"id":"password","content":"§"}`, `[{"key":"client_secret","data":"§"}]`, `{"parameter":"pwd","val":"§"}`}},
	{"pairs with the value first", someWord, answered(jsonType), []string{`[{"value":"§","name":"password"}]`, `[{"value":"§","id":7,"key":"secretKey"}]`, `{"val":"§","field":"pwd"}`, `{"x":{"value":"§","type":"string","name":"db_password"}}`}},
	{"pairs with other names", someToken, answered(jsonType), []string{`[{"label":"API key","text":"§"}]`, `[{"title":"Access token","value":"§"}]`, `[{"variable":"DB_PASSWORD","value":"§"}]`, `[{"setting":"smtp.pass","value":"§"}]`}},
	{"pairs in capitals", someWord, answered(jsonType), []string{`[{"Name":"password","Value":"§"}]`, `[{"Key":"DbPassword","Value":"§"}]`, `{"ParameterKey":"MasterPassword","ParameterValue":"§"}`, `[{"NAME":"TOKEN","VALUE":"§"}]`}},
	{"pairs in arrays", someToken, answered(jsonType), []string{`[["password","§"]]`, `{"headers":[["authorization","Bearer §"],["a","b"]]}`, `["apiKey","§"]`, `{"args":["--token","§"]}`}},
	{"headers in JSON", someToken, answered(jsonType), []string{`{"headers":{"Authorization":"Bearer §"}}`, `{"headers":["Authorization: Bearer §"]}`, `{"raw":"GET / HTTP/1.1\r\nCookie: sid=§\r\n"}`, `{"headers":{"cookie":"a=b; sess=§"}}`}},
	{"pairs in XML", someWord, answered("text/xml"), []string{`<e><key>password</key><value>§</value></e>`, `<property name="db.password" value="§"/>`, `<member><name>password</name><value><string>§</string></value></member>`, `<add key="DbPassword" value="§"/>`}},
	{"properties in XML", someToken, answered("application/xml"), []string{`<dict><key>AuthToken</key><string>§</string></dict>`, `<string name="api_secret">§</string>`, `<entry key="accessKeys">§</entry>`, `<setting name="ApiToken"><value>§</value></setting>`}},
	{"elements and attributes of XML", someWord, answered("application/xml"), []string{`<user pwd="§"/>`, `<userPw>§</userPw>`, `<a:Passwords><a:item>§</a:item></a:Passwords>`, `<contraseña>§</contraseña>`}},
	{"cells of tables", someWord, answered(htmlType), []string{`<table><tr><th>Password</th><td>§</td></tr></table>`, `<tr><td>Password</td><td>§</td></tr>`, `<tr><td><b>Passphrase:</b></td> <td class=v>§</td></tr>`, `<tr><th>User</th><th>Password</th></tr><tr><td>ann</td><td>§</td></tr>`}},
	{"cells with tokens", someToken, answered(htmlType), []string{`<tr><th scope=row>API token</th><td><code>§</code></td></tr>`, `<table><thead><tr><th>Id<th>Secret key</tr></thead><tbody><tr><td>1<td>§</tr></tbody></table>`, `<dl><dt>Access key</dt><dd>§</dd></dl>`, `<dl><dt>Client secret:</dt> <dd><tt>§</tt></dd></dl>`}},
	{"words before an element", someToken, answered(htmlType), []string{`<p>Your API key: <code>§</code></p>`, `<label>Access token</label> <output>§</output>`, `<strong>Password:</strong> <span>§</span>`, `<li>Token: <em>§</em></li>`}},
	{"inputs", someToken, answered(htmlType), []string{`<input name="login_ticket" value="§">`, `<input type="hidden" name="state" value="§">`, `<input id="api-keys" value="§">`, `<textarea name="ssh_private">§</textarea><input type=hidden name=x_token_2 value=§>`}},
	{"password inputs with a value", someWord, answered(htmlType), []string{`<input type="password" name="p1" value="§">`, `<input value='§' type=password>`, `<INPUT TYPE=PASSWORD VALUE=§ NAME=q>`, `<input name=x data-value="1" type="password" value="§"/>`}},
	{"attributes", someToken, answered(htmlType), []string{`<div data-api-keys="§">`, `<body data-token-value='§'>`, `<a href="/x?sess_token=§&amp;a=b">`, `<meta http-equiv="refresh" content="0;url=/x?ticket=§">`}},
	{"columns of CSV", someWord, answered("text/csv"), []string{"name,password\nann,§\nbob,\n", "id;user;pwd\n1;ann;§\n", "\"name\",\"api_secret\"\r\n\"ann\",\"§\"\r\n", "mail\ttoken\tage\nx\t§\t7\n"}},
	{"columns of CSV without a type", someToken, posted("application/octet-stream"), []string{"user,access_key,secret\nann,a,§\n", "name,role,api_key\nann,x,§\nbob,y,z\n", "email;passwort;x\na;§;1\n", "a,b,client_secret\n1,\"x, y\",§\n"}},
	{"columns of CSV far down", someWord, answered("text/csv"), []string{"name,password\n" + repeatLines("x%d,\n", 60) + "ann,§\n", "n,пароль\n1,\n2,§\n", "n,\"a \"\"b\"\"\",pass\n1,\"x\ny\",§\n", "password\n§\n"}},
	{"tables of Markdown", someToken, answered("text/markdown"), []string{"| Password | § |\n", "| name | token |\n|---|---|\n| ann | § |\n", "**API key:** `§`\n", "- Secret: `§`\n"}},
	{"columns and rows in JSON", someWord, answered(jsonType), []string{`{"columns":["name","password"],"rows":[["ann","§"]]}`, `{"fields":["id","secret"],"values":[[1,"§"],[2,"x"]]}`, `{"header":["user","pwd"],"data":[["ann","§"]]}`, `[["name","password"],["ann","§"],["bob","x"]]`}},
}

func repeatLines(format string, n int) (out string) {
	for i := range n {
		out += fmt.Sprintf(format, i)
	}
	return out
}
