package page_test

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/starling-load/starling/model/fidelity"
	"github.com/starling-load/starling/model/fidelity/page"
)

func Example() {
	report := &fidelity.Report{Fidelity: 97.4, Metrics: []fidelity.Metric{{Name: fidelity.Mix, Parts: []fidelity.Part{{Name: "divergence"}}}}}
	var out bytes.Buffer
	err := page.Write(&out, "shop.model", "shop.flow.zst", report)
	fmt.Println(strings.Contains(out.String(), "shop.model beside shop.flow.zst"), err)
	// Output:
	// true <nil>
}
