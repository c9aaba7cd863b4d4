// Package accesslog reads access logs: lines in a format of Apache
// (mod_log_config), of nginx (log_format), or in JSON.
//
// The flows have no bodies and only the header lines that the log names. An address
// with one agent is a session as long as it makes no longer pause than
// [Format.SessionGap]; each session becomes a connection.
package accesslog
