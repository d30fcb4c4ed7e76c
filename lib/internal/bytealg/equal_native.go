package bytealg
