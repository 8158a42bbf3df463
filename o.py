import subprocess,sys,time,statistics
g,one,*r=sys.argv[1:]
def t(a):
    b=time.perf_counter(); subprocess.run(['chrt','-f','40','taskset','-c','1',g,'bench','check','-q']+a,stdout=subprocess.DEVNULL,check=True); return (time.perf_counter()-b)*1e3
for i in range(3): t(r); t([one])
a=[];b=[]
for i in range(25): a.append(t(r)); b.append(t([one]))
print('32: %.1f ms one: %.1f ms ratio %.2f'%(statistics.median(a),statistics.median(b),statistics.median(a)/statistics.median(b)))
