// Package curl reads and writes curl commands, as curl's manual and the menus of
// browsers ("copy as cURL") have them, for bash and for cmd.exe of Windows. A command is
// one of cmd.exe if its first line ends with a caret or has one before a quote.
//
// A flow that is exported and imported again loses its response, times, connection,
// stream messages and trailers. All commands of one input are one client.
package curl
