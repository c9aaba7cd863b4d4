package formula_test

import (
	"fmt"

	"github.com/starling-load/starling/model/formula"
)

// The signature of a request is computed from its body with a key.
func ExampleParse() {
	env := formula.Env{Value: func(name string) (string, error) {
		return map[string]string{"key": "k", "request.method": "POST", "request.body": "{}"}[name], nil
	}}
	f, err := formula.Parse(`hex(hmac_sha256(key, request.method + "\n" + request.body))`)
	if err != nil {
		fmt.Println(err)
		return
	}
	value, err := f.Eval(&env)
	fmt.Println(value, err)
	// Output: 1d26d5504a785f4271734048d527a70740190d5775e2fcd21ebacf4ac8c209a9 <nil>
}
