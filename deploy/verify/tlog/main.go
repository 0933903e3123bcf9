// Verifies a running log by code that nobody of this project wrote: golang.org/x/mod/sumdb/note and tlog. It fetches the
// checkpoint, the tiles and the entry bundles (C2SP tlog-tiles) below a base URL with a token, and checks the signature,
// every entry's inclusion, and that the log only grew since an older checkpoint.
//
//	tlog -url https://HOST/v1/audit/log -vkey VKEY [-older FILE] [-save FILE]    # the token is in $TOKEN
package main

import (
	"encoding/base64"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

var (
	url   = flag.String("url", "", "base URL of the log")
	vkey  = flag.String("vkey", "", "verifier key")
	older = flag.String("older", "", "file with an older checkpoint")
	save  = flag.String("save", "", "file that gets the checkpoint")
)

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

func must[T any](value T, err error) T {
	if err != nil {
		fail("%v", err)
	}
	return value
}

func fetch(path string) ([]byte, error) {
	request, err := http.NewRequest("GET", *url+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("TOKEN"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != 200 {
		err = fmt.Errorf("%s: %s", path, response.Status)
	}
	return body, err
}

// path is a tile's in C2SP's spelling, which leaves the height out.
func path(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
}

// tiles are fetched once each; what is kept of them was verified by tlog.
type tiles map[string][]byte

func (tiles) Height() int { return height }
func (kept tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	read := make([][]byte, len(wanted))
	for i, tile := range wanted {
		if read[i] = kept[path(tile)]; read[i] != nil {
			continue
		}
		var err error
		if read[i], err = fetch(path(tile)); err != nil {
			return nil, err
		}
	}
	return read, nil
}
func (kept tiles) SaveTiles(saved []tlog.Tile, data [][]byte) {
	for i, tile := range saved {
		kept[path(tile)] = data[i]
	}
}

// open checks a checkpoint's signature and reads its tree head.
func open(text []byte) tlog.Tree {
	verifier := must(note.NewVerifier(*vkey))
	signed := must(note.Open(text, note.VerifierList(verifier)))
	lines := strings.Split(signed.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		fail("not a checkpoint of %s", verifier.Name())
	}
	root := must(base64.StdEncoding.DecodeString(lines[2]))
	if len(root) != tlog.HashSize {
		fail("the root is not a hash")
	}
	return tlog.Tree{N: must(strconv.ParseInt(lines[1], 10, 64)), Hash: tlog.Hash(root)}
}

// entries reads a bundle: each entry stands behind its length.
func entries(bundle []byte) [][]byte {
	var all [][]byte
	for len(bundle) > 0 {
		if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
			fail("a bundle ends within an entry")
		}
		end := 2 + int(binary.BigEndian.Uint16(bundle))
		all, bundle = append(all, bundle[2:end]), bundle[end:]
	}
	return all
}

func main() {
	flag.Parse()
	text := must(fetch("checkpoint"))
	tree := open(text)
	hashes := tlog.TileHashReader(tree, make(tiles))

	index := int64(0)
	for first := int64(0); first < tree.N; first += 1 << height {
		width := int(min(1<<height, tree.N-first))
		leaves := path(tlog.Tile{H: height, L: 0, N: first >> height, W: width})
		for _, entry := range entries(must(fetch(strings.Replace(leaves, "tile/0/", "tile/entries/", 1)))) {
			proof := must(tlog.ProveRecord(tree.N, index, hashes))
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
				fail("entry %d: %v", index, err)
			}
			index++
		}
	}
	if index != tree.N {
		fail("the bundles hold %d of %d entries", index, tree.N)
	}
	grew := ""
	if *older != "" {
		before := open(must(os.ReadFile(*older)))
		proof := must(tlog.ProveTree(tree.N, before.N, hashes))
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, before.N, before.Hash); err != nil {
			fail("it did not only grow from %d: %v", before.N, err)
		}
		grew = fmt.Sprintf(", and only grew from %d", before.N)
	}
	if *save != "" {
		if err := os.WriteFile(*save, text, 0o644); err != nil {
			fail("%v", err)
		}
	}
	fmt.Printf("%d entries are in the log%s\n", tree.N, grew)
}
