// goavro, the Go library that Debian packages; Peers/c/peer.h says what is answered.
//
// It keeps maps in Go's maps, whose order is random: what it encodes can't be compared byte by byte where a record has
// one. There the lengths are compared, and what the bytes decode to.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"github.com/linkedin/goavro"
)

const sampleNanos, warmUpNanos = 3_000_000, 100_000_000

// CPU time of this thread; the collector works in others.
func now() int64 {
	var time syscall.Timespec
	const threadClock = 3
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, threadClock, uintptr(unsafe.Pointer(&time)), 0)
	return time.Nano()
}

type benchCase struct {
	data   [][]byte
	total  int
	passes map[string]func()
	counts map[string]int
}

func load(path string) ([][]byte, error) {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	records := make([][]byte, binary.LittleEndian.Uint32(bytes))
	offset := 4
	for i := range records {
		size := int(binary.LittleEndian.Uint32(bytes[offset:]))
		records[i] = bytes[offset+4 : offset+4+size]
		offset += 4 + size
	}
	return records, nil
}

var sink interface{}

func open(folder, name string) (*benchCase, error) {
	data, err := load(folder + "/" + name + ".bin")
	if err != nil {
		return nil, err
	}
	schema, err := os.ReadFile(folder + "/" + name + ".avsc")
	if err != nil {
		return nil, err
	}
	codec, err := goavro.NewCodec(string(schema))
	if err != nil {
		return nil, err
	}
	values := make([]interface{}, len(data))
	total := 0
	for i, datum := range data {
		total += len(datum)
		if values[i], _, err = codec.NativeFromBinary(datum); err != nil {
			return nil, err
		}
		encoded, err := codec.BinaryFromNative(nil, values[i])
		if err != nil {
			return nil, err
		}
		if bytes.Equal(encoded, datum) {
			continue
		}
		again, _, err := codec.NativeFromBinary(encoded)
		if err != nil || len(encoded) != len(datum) || !reflect.DeepEqual(again, values[i]) {
			return nil, fmt.Errorf("%s: record %d is encoded to something else", name, i)
		}
	}
	buffer := make([]byte, 0, 1<<16)
	encode := func() {
		for _, value := range values {
			if _, err := codec.BinaryFromNative(buffer[:0], value); err != nil {
				panic(err)
			}
		}
	}
	decode := func() {
		for _, datum := range data {
			if sink, _, err = codec.NativeFromBinary(datum); err != nil {
				panic(err)
			}
		}
	}
	passes := map[string]func(){"encode": encode, "decode": decode}
	return &benchCase{data, total, passes, map[string]int{}}, nil
}

func (c *benchCase) measure(op string, samples int) string {
	pass := c.passes[op]
	if c.counts[op] == 0 {
		for start := now(); now()-start < warmUpNanos; {
			pass()
		}
		for start := now(); now()-start < sampleNanos; c.counts[op]++ {
			pass()
		}
	}
	results := make([]float64, samples)
	for i := range results {
		start := now()
		for j := 0; j < c.counts[op]; j++ {
			pass()
		}
		results[i] = float64(now()-start) / float64(c.counts[op]*len(c.data))
	}
	sort.Float64s(results)
	return fmt.Sprintf("ns %.3f %.3f", results[0], results[samples/2])
}

func main() {
	runtime.LockOSThread()
	cases := map[string]*benchCase{}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		answer := "none"
		switch {
		case words[0] == "quit":
			return
		case words[0] == "open":
			opened, err := open(os.Args[1], words[1])
			if err != nil {
				answer = "error " + err.Error()
			} else {
				cases[words[1]] = opened
				answer = fmt.Sprintf("ok %d %.1f", len(opened.data), float64(opened.total)/float64(len(opened.data)))
			}
		case cases[words[1]] != nil && cases[words[1]].passes[words[2]] != nil:
			samples, _ := strconv.Atoi(words[3])
			answer = cases[words[1]].measure(words[2], samples)
		}
		fmt.Println(answer)
	}
}
