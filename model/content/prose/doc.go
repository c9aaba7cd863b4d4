// Package prose tells which part of a text a user changed, so that the same can be
// done to a text that others have changed meanwhile.
//
//	c, ok := prose.Between("Bread.\nMilk.\n", "Bread.\nMilk.\nEggs.\n")
//	fmt.Println(ok, c.Apply("Bread.\nTea.\n")) // true Bread.\nTea.\nEggs.\n
//
// The central type is [Change]: text that was added at an end, or lines that were
// replaced. The package merges no two changes and knows no markup.
package prose
