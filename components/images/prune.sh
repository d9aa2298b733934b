#!/bin/sh
# Takes out of Debian and Python what an image in service has no use for. Runs as root in the stage `pruned`; what is left is
# copied into an empty image as one layer, so that nothing of this lies hidden below.
set -eu

# Whom everything runs as. The directories are where volumes are mounted: a new volume takes over their owner.
echo 'storywright:x:10001:10001:storywright:/tmp:/usr/sbin/nologin' >>/etc/passwd
echo 'storywright:x:10001:' >>/etc/group
mkdir -p /srv/storywright
install -d -m 0700 -o 10001 -g 10001 /var/lib/storywright /srv/storywright/factory /artifacts

# Python's installers, wherever this Python keeps them; what the program needs lies in its own environment.
rm -rf /usr/lib/python3*/ensurepip /usr/local/lib/python3*/ensurepip /usr/share/python-wheels /usr/share/python3-wheels \
    /usr/lib/python3/dist-packages/* /usr/local/lib/python3*/site-packages/* /usr/local/lib/python3*/dist-packages/* \
    /usr/bin/pip* /usr/local/bin/pip* /usr/local/bin/wheel /usr/local/bin/idle* /usr/local/bin/2to3*

# Compilers, of which a slim base has none.
for tool in gcc g++ cc c++ cpp clang as ld make; do
    rm -f "/usr/bin/$tool" "/usr/local/bin/$tool"
done

# Debian's own. The list of packages stays: scanners read it, and so does sbom.py.
rm -rf /usr/bin/apt* /usr/lib/apt /etc/apt /var/lib/apt /var/cache/apt /usr/share/bash-completion \
    /usr/bin/dpkg* /usr/sbin/dpkg* /usr/lib/dpkg /usr/share/dpkg /etc/dpkg /var/lib/dpkg/info /var/lib/dpkg/triggers \
    /usr/bin/debconf* /usr/sbin/dpkg-* /usr/share/debconf /var/cache/debconf /var/lib/dpkg/*-old \
    /usr/bin/update-alternatives /usr/sbin/debconf*
rm -rf /var/log/* /var/cache/* /usr/share/man /usr/share/info /usr/share/locale ~root/.cache ~root/.profile ~root/.bashrc

# Nobody becomes root by starting a program, and nobody writes where others read. /tmp keeps its sticky bit, by which
# nobody touches what is another's; in service an empty one is mounted over it.
find / -xdev -type f -perm /6000 -exec chmod ug-s {} +
find / -xdev \( -type f -o -type d \) -perm -0002 ! -path /tmp -exec chmod o-w {} +
find /tmp /var/tmp /run -xdev -mindepth 1 -type f -delete
