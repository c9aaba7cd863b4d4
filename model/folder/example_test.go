package folder_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/folder"
)

func Example() {
	m := &model.Model{
		Version:   model.Version,
		Endpoints: []model.Endpoint{{Name: "GET /", Variants: []model.Variant{{Request: model.Request{Method: "GET", Target: "/"}}}}},
		Behaviors: []model.Behavior{{
			Name: "visitor", Weight: 1,
			Start: []model.Edge{{To: "GET /", Odds: 1}},
			Steps: []model.Step{{ID: "GET /", Page: &model.Page{Endpoint: "GET /"}, Next: []model.Edge{{To: model.End, Odds: 1}}}},
		}},
	}
	parent, err := os.MkdirTemp("", "models")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(parent)
	dir := filepath.Join(parent, "shop.model")

	err = folder.Write(dir, m)
	if err != nil {
		fmt.Println(err)
		return
	}
	again, err := folder.Read(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(again.Behaviors[0].Name, folder.Hash(again) == folder.Hash(m))
	// Output: visitor true
}
