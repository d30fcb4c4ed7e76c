//go:build linux

package os

// executablePath gives the file that runs this program again, or "": see VmOptions.executable.
func executablePath() string

func executable() (string, error) {
	if path := executablePath(); path != "" {
		return path, nil
	}
	return Readlink("/proc/self/exe")
}
