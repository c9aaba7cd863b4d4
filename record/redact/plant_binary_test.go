package redact

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

var (
	littleEndian = binary.LittleEndian
	bigEndian    = binary.BigEndian
)

func base64Of(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
func hexOf(s string) string    { return hex.EncodeToString([]byte(s)) }

// msgpackString is a string of MessagePack.
func msgpackString(s string) string {
	if len(s) < 32 {
		return string([]byte{0xa0 | byte(len(s))}) + s
	}
	return string([]byte{0xd9, byte(len(s))}) + s
}

// cborString is a text of CBOR.
func cborString(s string) string {
	if len(s) < 24 {
		return string([]byte{0x60 | byte(len(s))}) + s
	}
	return string([]byte{0x78, byte(len(s))}) + s
}

// bsonString is a document of BSON with one string.
func bsonString(name, s string) string {
	item := "\x02" + name + "\x00" + string(littleEndian.AppendUint32(nil, uint32(len(s)+1))) + s + "\x00"
	return string(littleEndian.AppendUint32(nil, uint32(len(item)+5))) + item + "\x00"
}

// packedMap writes texts of the form "name value name value" as a map of a binary format. The
// value § is the secret.
func packedMap(head byte, str func(string) string, media string) func(text, secret string) []*flow.Flow {
	return func(name, secret string) []*flow.Flow {
		body := string([]byte{head | 3}) + str("id") + "\x07" + str(name) + str(secret) + str("user") + str("ann")
		return one(post(get("/x"), media, body))
	}
}

// grpcCall is a call of gRPC with a message from the client.
func grpcCall(method, secret string) []*flow.Flow {
	f := get("/" + method)
	sent := protoString(1, "gardener") + protoString(2, secret) + "\x18\x07"
	f.Request.Method = "POST"
	f.Request.Headers = flow.Headers{{Name: "Content-Type", Value: "application/grpc"}}
	f.Request.Body = flow.NewBody(framedBody(sent))
	f.Messages = []flow.Message{{FromClient: true, Kind: flow.MessageGRPC, Data: []byte(sent), Size: int64(len(sent))}}
	return one(f)
}

// grpcAnswer is a call of gRPC with a message from the server.
func grpcAnswer(method, secret string) []*flow.Flow {
	f := get("/" + method)
	sent := protoString(1, "welcome") + protoString(3, protoString(2, secret))
	f.Request.Headers = flow.Headers{{Name: "Content-Type", Value: "application/grpc"}}
	f.Response.Headers = flow.Headers{{Name: "Content-Type", Value: "application/grpc"}}
	f.Response.Body = flow.NewBody(framedBody(sent))
	f.Messages = []flow.Message{{Kind: flow.MessageGRPC, Data: []byte(sent), Size: int64(len(sent))}}
	return one(f)
}

// overMedia is a call whose body is a message of Protocol Buffers under another type.
func overMedia(media, secret string) []*flow.Flow {
	sent := protoString(1, "gardener") + protoString(2, secret)
	body := string(framedBody(sent))
	switch media {
	case "application/grpc-web-text":
		body = base64Of(body)
	case "application/proto", "application/x-protobuf":
		body = sent
	}
	f := post(get("/door.Guard/Login"), media, body)
	return one(f)
}

// inUTF16 answers with a text in UTF-16.
func inUTF16(media string, order binary.AppendByteOrder, mark string) func(text, secret string) []*flow.Flow {
	return func(text, secret string) []*flow.Flow {
		return one(answer(get("/x"), media, mark+utf16Text(filled(text, secret), order)))
	}
}

// compressed answers with a compressed text and no Content-Encoding.
func compressed(media string, pack func(string) []byte) func(text, secret string) []*flow.Flow {
	return func(text, secret string) []*flow.Flow {
		return one(answer(get("/x"), media, string(pack(filled(text, secret)))))
	}
}

// mqttConnect is the first packet of MQTT 3.1.1 over a WebSocket.
func mqttConnect(_, secret string) []*flow.Flow {
	field := func(s string) string { return string([]byte{0, byte(len(s))}) + s }
	body := field("MQTT") + "\x04\xc2\x00\x3c" + field("client-1") + field("gardener") + field(secret)
	f := message(flow.MessageBinary, "\x10"+string([]byte{byte(len(body))})+body)
	f.Messages[0].FromClient = true
	return one(f)
}

func inBinaryFrame(carry func(text, secret string) []*flow.Flow) func(text, secret string) []*flow.Flow {
	return func(text, secret string) []*flow.Flow {
		body := carry(text, secret)[0].Request.Body.Data
		return one(message(flow.MessageBinary, string(body)))
	}
}

// plantedBinary stand in formats that are not text, or in text under a wrong name.
var plantedBinary = []planted{
	{"MessagePack", someWord, packedMap(0x80, msgpackString, "application/msgpack"), []string{"password", "apiKeys", "пароль", "dbPasswordNew"}},
	{"MessagePack without a type", someToken, packedMap(0x80, msgpackString, "application/octet-stream"), []string{"token", "client_secret", "pw", "session_token"}},
	{"MessagePack in frames", someWord, inBinaryFrame(packedMap(0x80, msgpackString, "")), []string{"password", "passcode", "secrets", "userPw"}},
	{"CBOR", someWord, packedMap(0xa0, cborString, "application/cbor"), []string{"password", "apiKeys", "contraseña", "otp"}},
	{"BSON", someWord, func(text, s string) []*flow.Flow {
		return one(post(get("/x"), "application/bson", bsonString(text, s)))
	}, []string{"password", "apiSecret", "pwd", "tokens"}},
	{"gRPC calls", someWord, grpcCall, []string{"door.Guard/Login", "etcdserverpb.Auth/UserAdd", "shop.Accounts/ChangePassword", "shop.v1.UserService/CreateUser"}},
	{"gRPC calls, others", somePassword, grpcCall, []string{"shop.Users/SignUp", "shop.Identity/Register", "id.v1.Sessions/CreateSession", "vault.Secrets/PutSecret"}},
	{"gRPC answers", someToken, grpcAnswer, []string{"door.Guard/Login", "etcdserverpb.Auth/Authenticate", "shop.Tokens/IssueToken", "id.v1.Sessions/CreateSession"}},
	{"gRPC under other types", someWord, overMedia, []string{"application/grpc-web", "application/grpc-web-text", "application/proto", "application/x-protobuf"}},
	{"JSON in gRPC", someWord, func(text, s string) []*flow.Flow { return grpcCall("shop.Config/Put", filled(text, s)) }, []string{`{"apiKeys":["§"]}`, `{"dbPassword":"§"}`, "password=§", `[{"name":"password","value":"§"}]`}},
	{"keys in gRPC", tokenWord, func(text, s string) []*flow.Flow { return grpcCall("shop.Config/Put", filled(text, s)) }, []string{"ghp_§", "glsa_§", "Bearer §", "https://a/?access_tokens=§"}},
	{"UTF-16 with a mark", someToken, inUTF16("text/plain", binary.LittleEndian, "\xff\xfe"), []string{`{"apiKeys":["§"]}`, "password=§\r\n", "Authorization: Bearer §\r\n", "<a><token>§</token></a>"}},
	{"UTF-16 of big end first", someWord, inUTF16("text/xml; charset=utf-16", binary.BigEndian, "\xfe\xff"), []string{"<a><password>§</password></a>", `<add key="DbPassword" value="§"/>`, `{"password":"§"}`, "<user pwd='§'/>"}},
	{"UTF-16 without a mark", someToken, inUTF16("application/json; charset=utf-16le", binary.LittleEndian, ""), []string{`{"token":"§"}`, `{"a":{"secret":"§"}}`, `[{"name":"password","value":"§"}]`, `{"пароль":"§"}`}},
	{"UTF-16 of tables", someWord, inUTF16("text/csv", binary.LittleEndian, "\xff\xfe"), []string{"name,password\r\nann,§\r\n", "a\tpwd\r\nx\t§\r\n", "name;secret\r\na;§\r\n", "user,token\r\nann,§\r\n"}},
	{"gzip without a coding", someToken, compressed("application/octet-stream", gzipped), []string{`{"apiKeys":["§"]}`, "password=§\n", "name,token\nann,§\n", "Authorization: Bearer §\n"}},
	{"gzip declared as JSON", someWord, compressed(jsonType, gzipped), []string{`{"password":"§"}`, `{"pw":"§"}`, `[{"name":"password","value":"§"}]`, `{"tokens":["§"]}`}},
	{"zlib without a coding", someToken, compressed("application/octet-stream", deflated), []string{`{"token":"§"}`, `{"apiKeys":["§"]}`, "secret=§\n", "token: §\n"}},
	{"gzip in base64", someToken, func(text, s string) []*flow.Flow {
		return one(post(get("/x"), jsonType, `{"data":"`+base64Of(string(gzipped(filled(text, s))))+`"}`))
	}, []string{`{"token":"§"}`, `{"apiKeys":["§"]}`, "password=§\n", "Authorization: Bearer §\n"}},
	{"JSON declared as an image", someWord, answered("image/png"), []string{`{"password":"§"}`, `{"apiKeys":["§"]}`, `[{"name":"password","value":"§"}]`, `{"a":{"pw":"§"}}`}},
	{"text declared as another medium", someToken, func(text, s string) []*flow.Flow {
		media, body, _ := strings.Cut(text, "|")
		return one(answer(get("/x"), media, filled(body, s)))
	}, []string{"font/woff2|token=§", "video/mp4|Authorization: Bearer §\n", "image/gif|<input type=hidden name=csrf value=§>", "audio/mpeg|var apiKeys=['§']"}},
	{"JSON declared as code", someWord, answered("application/wasm"), []string{`{"password":"§"}`, `{"secrets":["§"]}`, `{"пароль":"§"}`, `{"login":{"passwd":"§"}}`}},
	{"the first packet of MQTT", someWord, mqttConnect, []string{"password"}},
	{"a part in base64", somePassword, func(_, s string) []*flow.Flow {
		return inMultipart("--zz\nContent-Disposition: form-data; name=password\nContent-Transfer-Encoding: base64\n\n"+base64Of(s)+"\n--zz--\n", s)
	}, []string{""}},
	{"pictures with text in them", someToken, func(text, s string) []*flow.Flow {
		return one(answer(get("/x"), "image/svg+xml", filled(text, s)))
	}, []string{`<svg><text>token: §</text></svg>`, `<svg data-api-keys="§"/>`, `<svg><script>var apiKeys=["§"]</script></svg>`, `<svg><a href="/x?sess_token=§"/></svg>`}},
}
