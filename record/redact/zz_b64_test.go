package redact
import ("testing";"encoding/base64";"math/rand/v2"
"github.com/starling-load/starling/record/flow")
func BenchmarkB64(b *testing.B){
	raw:=make([]byte,75000); r:=rand.NewChaCha8([32]byte{}); r.Read(raw)
	body:=[]byte(base64.StdEncoding.EncodeToString(raw))
	red,_:=New(Options{})
	b.SetBytes(int64(len(body)))
	for b.Loop(){
		body[5]=byte('A'+b.N%26)
		f:=&flow.Flow{Request:flow.Request{Method:"GET",Target:"/x",Authority:"a"},Response:&flow.Response{Status:200,Headers:flow.Headers{{"Content-Type","application/octet-stream"}},Body:flow.NewBody(body)}}
		red.Flow(f)
	}
}
