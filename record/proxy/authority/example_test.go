package authority_test

import (
	"fmt"
	"log"
	"os"

	"github.com/starling-load/starling/record/proxy/authority"
)

func ExampleLoad() {
	dir, err := os.MkdirTemp("", "authority")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	ca, err := authority.Load(dir) // made on first use
	if err != nil {
		log.Fatal(err)
	}
	cert, err := ca.Certificate("shop.test")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(cert.Leaf.DNSNames, cert.Leaf.VerifyHostname("shop.test"))
	// Output: [shop.test] <nil>
}
