// Package curl reads and writes curl commands, as curl's manual and the menus of
// browsers ("copy as cURL") have them.
//
// A flow that went out and came in again loses response, times, connection, stream
// messages and trailers. All commands of one input are one client.
package curl
