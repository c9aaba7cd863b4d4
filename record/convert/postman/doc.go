// Package postman reads Postman's collections (schema 2.1) as the requests that
// Postman would send, in the order of the collection. All of them are one client's.
package postman
