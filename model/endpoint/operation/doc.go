// Package operation finds the name of what a request calls, for the protocols that
// call many operations over one address: GraphQL, JSON-RPC, SOAP and gRPC, and for
// headers and keys that name an action.
//
//	fmt.Println(operation.Of(r, content.RequestLeaves(r)))
package operation
