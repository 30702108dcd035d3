#!/bin/sh
# dkms runs this before it builds. Exit 77 means: not for this kernel, skip.
# It repeats BUILD_EXCLUSIVE_KERNEL_* for dkms before 3.0.11, which ignores
# those lines.
# usage: dkms-pre-build.sh KERNEL-RELEASE
set -eu

release=${1:?usage: dkms-pre-build.sh KERNEL-RELEASE}
major=${release%%.*}
minor=${release#*.}
minor=${minor%%[!0-9]*}
number=$((major * 1000 + minor))

if [ "$number" -lt 6016 ]; then
	echo "netmem_tx: kernel $release is older than 6.16 and has no devmem TX"
	exit 77
elif [ "$number" -gt 7001 ]; then
	echo "netmem_tx: not needed, kernel $release sends netmem through netkit itself"
	exit 77
fi
