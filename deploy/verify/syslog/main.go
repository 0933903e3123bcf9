// Reads an export in rfc5424 by a parser that nobody of this project wrote, github.com/leodido/go-syslog, strict, and
// prints what each line says of its entry, in JSON.
//
//	syslog FILE
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/leodido/go-syslog/v4/rfc5424"
)

const element = "conclave@32473"

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func main() {
	lines := bufio.NewScanner(must(os.Open(os.Args[1])))
	lines.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		read := must(rfc5424.NewParser().Parse(lines.Bytes())).(*rfc5424.SyslogMessage)
		if !read.Valid() || read.StructuredData == nil || read.Message == nil {
			must(0, fmt.Errorf("not a whole message: %s", lines.Text()))
		}
		said := json.RawMessage(strings.TrimPrefix(*read.Message, "\ufeff"))
		must(0, out.Encode(map[string]any{"place": (*read.StructuredData)[element], "said": said}))
	}
	must(0, lines.Err())
}
