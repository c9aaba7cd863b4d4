// Package body collects the bodies of messages as they pass: the beginning of each, its
// size and its hash, within a budget that all of them share.
//
//	budget := body.NewBudget(64 << 20)
//	var c body.Collector
//	c.Start(budget, 8<<20, -1)
//	c.Add([]byte("hello, "))
//	c.Add([]byte("world"))
//	b, taken := c.Body()
//	budget.Give(taken) // when b is not needed any more
//
// What a limit cuts off still counts in size and hash. The package does not undo transfer
// or content coding.
package body
