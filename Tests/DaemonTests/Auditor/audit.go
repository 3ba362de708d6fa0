// Verifies with the packages of Go's own checksum database what a coordinator has signed:
//
//	audit KEY DIRECTORY OLDER PROOF BODY
//
// DIRECTORY is an export, OLDER an older checkpoint, PROOF a tlog-proof of the event in BODY.
package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

// head opens a signed checkpoint. Its three lines are those of a tree head without Go's heading.
func head(text []byte, key string) tlog.Tree {
	verifier, err := note.NewVerifier(key)
	check(err, "key")
	opened, err := note.Open(text, note.VerifierList(verifier))
	check(err, "note")
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err, "size")
	root, err := tlog.ParseHash(lines[2])
	check(err, "root")
	return tlog.Tree{N: size, Hash: root}
}

// tiles reads the tiles of an export; the reader verifies them against the root.
type tiles string

func (tiles) Height() int { return 8 }

func (directory tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range wanted {
		path := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		bytes, err := os.ReadFile(filepath.Join(string(directory), path))
		if err != nil {
			return nil, err
		}
		data = append(data, bytes)
	}
	return data, nil
}

func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	check(err, path)
	return data
}

func main() {
	key, directory := os.Args[1], os.Args[2]
	tree := head(read(filepath.Join(directory, "checkpoint")), key)
	older := head(read(os.Args[3]), key)
	hashes := tlog.TileHashReader(tree, tiles(directory))

	root, err := tlog.TreeHash(tree.N, hashes)
	check(err, "tree")
	if root != tree.Hash {
		check(fmt.Errorf("another root"), "tree")
	}
	path, err := tlog.ProveTree(tree.N, older.N, hashes)
	check(err, "prove tree")
	check(tlog.CheckTree(path, tree.N, tree.Hash, older.N, older.Hash), "consistency")

	proof, text, _ := bytes.Cut(read(os.Args[4]), []byte("\n\n"))
	lines := strings.Split(string(proof), "\n")
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	check(err, "index")
	var record tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := base64.StdEncoding.DecodeString(line)
		check(err, "hash")
		record = append(record, *(*tlog.Hash)(hash))
	}
	signed := head(text, key)
	leaf := tlog.RecordHash(read(os.Args[5]))
	check(tlog.CheckRecord(record, signed.N, signed.Hash, index, leaf), "inclusion")
	fmt.Printf("%d %d %d\n", tree.N, older.N, index)
}
